"""Images as a PyTorch loader's worker makes them, for `images.ts`; see there.

    python images.py pil|opencv WORK.json     one line of indices in, one line with the CPU seconds of them out
"""
import json
import resource
import sys

import numpy as np

kind, work = sys.argv[1], json.load(open(sys.argv[2]))
size = work["size"]


def pil(file, crop, flip):
    from PIL import Image

    x, y, w, h = crop
    with Image.open(file) as opened:
        picture = opened.convert("RGB").crop((x, y, x + w, y + h)).resize((size, size), Image.BICUBIC)
    if flip:
        picture = picture.transpose(Image.FLIP_LEFT_RIGHT)
    return np.array(picture)


def opencv(file, crop, flip):
    import cv2

    cv2.setNumThreads(1)
    x, y, w, h = crop
    picture = cv2.imread(file, cv2.IMREAD_COLOR)[y : y + h, x : x + w]
    # No filter grows with the shrinking here; INTER_AREA is the nearest that does, as slow as it may be.
    picture = cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA if w > size else cv2.INTER_CUBIC)
    return cv2.cvtColor(cv2.flip(picture, 1) if flip else picture, cv2.COLOR_BGR2RGB)


make = {"pil": pil, "opencv": opencv}[kind]
for line in sys.stdin:
    before = resource.getrusage(resource.RUSAGE_SELF)
    for index in json.loads(line):
        make(*work["visits"][index])
    after = resource.getrusage(resource.RUSAGE_SELF)
    print(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, flush=True)
