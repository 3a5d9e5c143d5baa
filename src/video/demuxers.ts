/**
 * The formats that ffmpeg may find in a file. A file that somebody sent must not be able to name others: HLS and DASH lists,
 * concat scripts, SDP and VobSub indices point to files and hosts of their choice, and ffmpeg opens those. Nothing of theirs is
 * a video, so they are left out for every file, and the one protocol allowed is that of files.
 */

/** Containers, and streams without one, that hold pictures in the file itself. */
const HOLDING =
  `mov matroska avi mpeg mpegts mpegvideo flv live_flv asf ogg wtv mxf gxf rm nut nuv ivf obu av1 h261 h263 h264
  hevc vvc evc m4v vc1 vc1test cavsvideo avs2 avs3 dirac dnxhd dv mjpeg mjpeg_2000 mpjpeg smjpeg ingenient lvf dhav
  yuv4mpegpipe gif apng jpegxl_anim flic swf ivr ty vivo mtv nsv pva r3d cine ser amv avr bink smk roq idcin dxa thp film_cpk
  wsvqa wc3movie ea 4xm argo_asf rpl`.split(/\s+/);

/** Single pictures. */
const PICTURES =
  `jpeg png webp bmp tiff gif jpegxl j2k jpegls ppm pgm pgmyuv pbm pam pfm psd exr hdr dpx dds sgi sunrast pcx qoi
  xbm xpm xwd gem photocd pictor`
    .split(/\s+/)
    .map((name) => `${name}_pipe`);

/** Options before `-i`. The pipe of an image's demuxer, where one is named, is among them. */
export const OWN_PICTURES_ONLY: readonly string[] = [
  ...['-protocol_whitelist', 'file'],
  ...['-format_whitelist', [...HOLDING, ...PICTURES].join(',')],
];

/** What ffmpeg says of a file of another format, for a person. */
export const FOREIGN_FORMAT = 'a playlist, a script or text: what it names is not opened';

/** Whether the line is ffmpeg's word that a format is not on the list. */
export const saysForeign = (line: string): boolean => line.includes('Format not on whitelist');
