"""Other ways to get training clips, each at its best, as workers of `bench.ts`; see there for how to run it.

    python peers.py work CONTENDER WORK.json     one visit per line of standard input (its index), one answer per line
    python peers.py check CONTENDER CHECK.json   which frames a contender gives in place of those asked for

A worker decodes on one thread. A visit is one video, opened once, with all its clips (but for the contenders called
naive); of each wanted frame the crop alone is resized. A clip is uint8 [T, S, S, 3] in RGB. What a peer may know before,
as we do, is gathered in its warm-up and kept: PyAV's index of time stamps and keyframes.
"""
import json
import sys

import cv2
import numpy as np

cv2.setNumThreads(1)


def wanted_of(clips):
    return sorted({frame for clip in clips for frame in clip["frames"]})


def cut(picture, clip, size, out):
    """The clip's window of one whole picture (RGB), resized and mirrored, into `out`."""
    x, y, w, h = clip["crop"]
    window = picture[y : y + h, x : x + w]
    if clip["flip"]:
        cv2.flip(cv2.resize(window, (size, size), interpolation=cv2.INTER_LINEAR), 1, dst=out)
    else:
        cv2.resize(window, (size, size), dst=out, interpolation=cv2.INTER_LINEAR)


def assemble(pictures, clips, size, last):
    """All clips from a map of frame number to whole picture. A frame that never came is replaced by the last that did."""
    made = []
    for clip in clips:
        out = np.empty((len(clip["frames"]), size, size, 3), np.uint8)
        done = {}
        for i, frame in enumerate(clip["frames"]):
            if frame in done:
                out[i] = out[done[frame]]
                continue
            picture = pictures.get(frame, last)
            cut(picture, clip, size, out[i])
            done[frame] = i
        made.append(out)
    return made


# --- PyAV ---------------------------------------------------------------------------------------------------------

INDEXES = {}


def pyav_index(file):
    """Time stamps of all frames in the order shown, and of the keyframes; kept per file."""
    if file not in INDEXES:
        import av

        with av.open(file, metadata_errors="replace") as container:
            stream = container.streams.video[0]
            packets = [p for p in container.demux(stream) if p.size and not p.is_discard]
        pts = [p.pts for p in packets]
        if any(p is None for p in pts):
            INDEXES[file] = None
        else:
            keys = sorted(p.pts for p in packets if p.is_keyframe)
            INDEXES[file] = (sorted(pts), keys, {p: i for i, p in enumerate(sorted(pts))})
    return INDEXES[file]


def pyav_frames(file, wanted, skip):
    """Yields (frame number, av.VideoFrame) for the wanted numbers, from the last keyframe before the first on."""
    import av

    index = pyav_index(file)
    with av.open(file, metadata_errors="replace") as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        stream.thread_type = "NONE"
        context.thread_count = 1
        remaining = set(wanted)
        if index is None:
            for number, frame in enumerate(container.decode(stream)):
                if number in remaining:
                    yield number, frame
                    remaining.discard(number)
                    if not remaining:
                        return
            return
        pts, keys, number_of = index
        first = pts[wanted[0]] if wanted[0] < len(pts) else pts[-1]
        key = max((k for k in keys if k <= first), default=keys[0])
        if key > keys[0]:
            container.seek(key, stream=stream, backward=True, any_frame=False)
        wanted_pts = {pts[n] for n in wanted if n < len(pts)}
        for packet in container.demux(stream):
            if skip:
                context.skip_frame = "DEFAULT" if packet.pts is None or packet.pts in wanted_pts else "NONREF"
            for frame in packet.decode():
                number = number_of.get(frame.pts)
                if number in remaining:
                    yield number, frame
                    remaining.discard(number)
                    if not remaining:
                        return


def pyav(file, clips, size, skip=False):
    pictures, last = {}, None
    for number, frame in pyav_frames(file, wanted_of(clips), skip):
        last = frame.to_ndarray(format="rgb24")
        pictures[number] = last
    return assemble(pictures, clips, size, last)


def pyav_skip(file, clips, size):
    """Pictures that no other refers to and nobody wants are not decoded."""
    return pyav(file, clips, size, skip=True)


def pyav_naive(file, clips, size):
    """What most data sets do: one open for each clip."""
    return [pyav(file, [clip], size)[0] for clip in clips]


# --- OpenCV -------------------------------------------------------------------------------------------------------


def opencv_pictures(file, wanted, seek):
    capture = cv2.VideoCapture(file, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    try:
        at = 0
        if seek and (index := pyav_index(file)) is not None:
            pts, keys, number_of = index
            key = max((number_of[k] for k in keys if number_of[k] <= wanted[0]), default=0)
            if key > 0:
                capture.set(cv2.CAP_PROP_POS_FRAMES, key)
                at = key
        for frame in wanted:
            while at < frame:
                if not capture.grab():
                    return
                at += 1
            ok, picture = capture.read()
            if not ok:
                return
            at += 1
            yield frame, picture
    finally:
        capture.release()


def opencv(file, clips, size, seek=False):
    pictures, last = {}, None
    for number, picture in opencv_pictures(file, wanted_of(clips), seek):
        pictures[number] = last = picture
    made = assemble(pictures, clips, size, last)
    for clip in made:
        flat = clip.reshape(-1, size, 3)
        cv2.cvtColor(flat, cv2.COLOR_BGR2RGB, dst=flat)
    return made


def opencv_seek(file, clips, size):
    return opencv(file, clips, size, seek=True)


def opencv_naive(file, clips, size):
    return [opencv(file, [clip], size)[0] for clip in clips]


# --- decord -------------------------------------------------------------------------------------------------------


def decord_pictures(file, wanted):
    import decord

    reader = decord.VideoReader(file, ctx=decord.cpu(0), num_threads=1)
    inside = [min(n, len(reader) - 1) for n in wanted]
    return reader.get_batch(inside).asnumpy()


def decord_clips(file, clips, size):
    wanted = wanted_of(clips)
    batch = decord_pictures(file, wanted)
    return assemble(dict(zip(wanted, batch)), clips, size, batch[-1])


# --- torchcodec ---------------------------------------------------------------------------------------------------


def torchcodec_pictures(file, wanted, mode):
    from torchcodec.decoders import VideoDecoder

    decoder = VideoDecoder(file, dimension_order="NHWC", num_ffmpeg_threads=1, seek_mode=mode)
    count = decoder.metadata.num_frames
    inside = [min(n, count - 1) for n in wanted]
    return decoder.get_frames_at(indices=inside).data.numpy()


def torchcodec_clips(mode):
    def clips_of(file, clips, size):
        wanted = wanted_of(clips)
        batch = torchcodec_pictures(file, wanted, mode)
        return assemble(dict(zip(wanted, batch)), clips, size, batch[-1])

    return clips_of


CONTENDERS = {
    "pyav": pyav,
    "pyav-skip": pyav_skip,
    "pyav-naive": pyav_naive,
    "opencv": opencv,
    "opencv-seek": opencv_seek,
    "opencv-naive": opencv_naive,
    "decord": decord_clips,
    "torchcodec-exact": torchcodec_clips("exact"),
    "torchcodec-approximate": torchcodec_clips("approximate"),
}


def pictures_of(contender, file, wanted):
    """Whole pictures by frame number, for the comparison with the full decode."""
    family = contender.split("-")[0]
    if family == "pyav":
        return {n: f.to_ndarray(format="rgb24") for n, f in pyav_frames(file, wanted, contender == "pyav-skip")}
    if family == "opencv":
        return {n: p[:, :, ::-1] for n, p in opencv_pictures(file, wanted, contender == "opencv-seek")}
    if family == "decord":
        return dict(zip(wanted, decord_pictures(file, wanted)))
    return dict(zip(wanted, torchcodec_pictures(file, wanted, contender.split("-")[1])))


def prepare(contender):
    """Fails at once where the contender's packages are not there."""
    if contender == "decord":
        import decord  # noqa: F401
    elif contender.startswith("torchcodec"):
        import torch
        from torchcodec.decoders import VideoDecoder  # noqa: F401

        torch.set_num_threads(1)
    elif contender.startswith("pyav"):
        import av

        av.logging.set_level(av.logging.PANIC)


def work(contender, visits, size):
    make = CONTENDERS[contender]
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        index = int(line)
        visit = visits[index]
        clips = make(visit["file"], visit["clips"], size)
        assert all(clip.shape == (len(asked["frames"]), size, size, 3) for clip, asked in zip(clips, visit["clips"]))
        print(json.dumps({"done": index}), flush=True)


def check(contender, cases):
    """
    Each picture is held against the full decode: it is frame j when no frame is nearer to it than j. Colours may differ a
    little by the converter; pictures of one video that are alike (still scenes) count as the one asked for.
    """
    for case in cases:
        height, width = case["height"], case["width"]
        truth = np.fromfile(case["raw"], np.uint8).reshape(-1, height, width, 3)
        small = truth[:, ::4, ::4].astype(np.int16)
        answer = {"file": case["file"], "asked": len(case["frames"]), "wrong": []}
        try:
            got = pictures_of(contender, case["file"], sorted(set(case["frames"])))
            for frame in sorted(set(case["frames"])):
                picture = got.get(frame)
                if picture is None:
                    answer["wrong"].append([frame, "none"])
                elif picture.shape != (height, width, 3):
                    answer["wrong"].append([frame, f"{picture.shape[1]}x{picture.shape[0]}"])
                else:
                    distance = np.abs(small - picture[::4, ::4].astype(np.int16)).mean(axis=(1, 2, 3))
                    nearest = int(distance.argmin())
                    if distance[frame] > distance[nearest] + 0.05:
                        answer["wrong"].append([frame, nearest])
        except Exception as error:  # noqa: BLE001  A refusal is an answer.
            answer["refused"] = f"{type(error).__name__}: {error}".split("\n")[0][:200]
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    what, contender, path = sys.argv[1:4]
    prepare(contender)
    with open(path) as file:
        given = json.load(file)
    if what == "work":
        work(contender, given["visits"], given["size"])
    else:
        check(contender, given)
