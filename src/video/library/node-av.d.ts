/** What we use of node-av 6, so that the project compiles where it is not installed. See its own types for the rest. */
declare module 'node-av/lib' {
  export interface Ratio {
    readonly num: number;
    readonly den: number;
  }
  export interface Codec {
    readonly name: string | null;
  }
  export interface CodecParameters {
    readonly codecType: number;
    readonly codecId: number;
    getAllCodedSideData(): { readonly type: number; readonly data: Buffer }[];
  }
  export interface Stream {
    readonly index: number;
    readonly codecpar: CodecParameters;
    readonly timeBase: Ratio;
    readonly avgFrameRate: Ratio;
    readonly rFrameRate: Ratio;
    readonly disposition: number;
    discard: number;
  }
  export class FormatContext {
    readonly streams: Stream[];
    /** In microseconds. */
    readonly startTime: bigint;
    readonly iformat: { readonly name: string | null } | null;
    allocContext(): void;
    openInputSync(url: string): number;
    findStreamInfoSync(): number;
    readFrameSync(packet: Packet): number;
    seekFrameSync(stream: number, timestamp: bigint, flags: number): number;
    closeInputSync(): void;
  }
  export class CodecContext {
    threadCount: number;
    pktTimebase: Ratio;
    allocContext3(codec: Codec): void;
    parametersToContext(parameters: CodecParameters): number;
    open2Sync(codec: Codec): number;
    setOption(name: string, value: string): number;
    sendPacketSync(packet: Packet | null): number;
    receiveFrameSync(frame: Frame): number;
    freeContext(): void;
  }
  export class Packet {
    readonly streamIndex: number;
    readonly pts: bigint;
    readonly flags: number;
    alloc(): void;
    unref(): void;
  }
  export class Frame {
    readonly format: number;
    readonly width: number;
    readonly height: number;
    readonly bestEffortTimestamp: bigint;
    readonly colorSpace: number;
    readonly colorRange: number;
    readonly data: Buffer[] | null;
    readonly linesize: number[];
    alloc(): void;
    unref(): void;
    free(): void;
    getSideData(type: number): Buffer | null;
  }
  export interface Filter {
    readonly name: string | null;
  }
  export interface FilterContext {
    initStr(options?: string | null): number;
    init(options: null): number;
    link(pad: number, to: FilterContext, toPad: number): number;
    buffersrcParametersSet(parameters: {
      readonly width: number;
      readonly height: number;
      readonly format: number;
      readonly timeBase: Ratio;
      readonly colorSpace: number;
      readonly colorRange: number;
    }): number;
    buffersrcAddFrameSync(frame: Frame, flags: number): number;
    buffersinkGetFrameSync(frame: Frame): number;
  }
  export class FilterGraph {
    nbThreads: number;
    alloc(): void;
    allocFilter(filter: Filter, name: string): FilterContext | null;
    createFilter(filter: Filter, name: string, options: string | null): FilterContext | null;
    configSync(): number;
    free(): void;
  }
  export const Codec: { findDecoder(id: number): Codec | null };
  export const Filter: { getByName(name: string): Filter | null };
  export const Log: {
    setLevel(level: number): void;
    setCallback(
      callback: (level: number, message: string) => void,
      options: { readonly level: number; readonly printPrefix: boolean; readonly skipRepeated: boolean },
    ): void;
    log(level: number, message: string): void;
  };
  export function getFFmpegInfo(): { readonly version: string };
  export function avGetCodecName(id: number): string | null;
  export function avImageCopyToBuffer(
    target: Buffer,
    size: number,
    data: Buffer[] | null,
    linesize: number[],
    format: number,
    width: number,
    height: number,
    align: number,
  ): number;
}

declare module 'node-av/constants' {
  export const AV_DISPOSITION_ATTACHED_PIC: number;
  export const AV_FRAME_DATA_DISPLAYMATRIX: number;
  export const AV_LOG_ERROR: number;
  export const AV_PIX_FMT_RGB24: number;
  export const AV_PKT_DATA_DISPLAYMATRIX: number;
  export const AV_PKT_DATA_FRAME_CROPPING: number;
  export const AV_PKT_FLAG_CORRUPT: number;
  export const AV_PKT_FLAG_DISCARD: number;
  export const AV_PKT_FLAG_KEY: number;
  export const AVDISCARD_ALL: number;
  export const AVERROR_EAGAIN: number;
  export const AVERROR_EOF: number;
  export const AVMEDIA_TYPE_VIDEO: number;
  export const AVSEEK_FLAG_BACKWARD: number;
}
