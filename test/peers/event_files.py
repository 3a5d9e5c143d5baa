"""What TensorBoard makes of the event files below a folder of runs, held against the runs' own files; see event-files.ts.

    python event_files.py RUNS

Read twice: by TensorBoard's EventAccumulator, and over HTTP from the real server, with each of its two ways to load. Every
series of metrics.jsonl must be there, point for point, to the float32; the first batch as the bytes of first-batch.png; the
recipe as the text of config.yaml; an evaluation as evaluation.json says it; and nothing else.
"""
import json
import pathlib
import re
import struct
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request

import numpy as np
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

logdir = pathlib.Path(sys.argv[1]).resolve()
runs = sorted(config.parent for config in logdir.rglob("config.yaml"))
assert runs, f"no run below {logdir}"


def expected_scalars(run):
    """Run of TensorBoard → tag → [(step, float32)]."""
    own = {}
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    for line in lines:
        for name, value in line.items():
            if name not in ("kind", "update") and isinstance(value, (int, float)):
                own.setdefault(f"{line['kind']}/{name}", []).append((line["update"], np.float32(value)))
    name = str(run.relative_to(logdir))
    series = {name: own}
    if (run / "evaluation.json").exists() and (run / "evaluate").exists():
        evaluation = json.loads((run / "evaluation.json").read_text())
        epoch = int(evaluation["protocol"]["weights"].rsplit(" ", 1)[1])
        step = max(line["update"] for line in lines if line["epoch"] <= epoch)
        series[f"{name}/evaluate"] = {
            f"evaluate/{key}": [(step, np.float32(evaluation[key]))] for key in ("top1", "top5")
        }
    return series


def same(tag, found, wanted):
    assert [step for step, _ in found] == [step for step, _ in wanted], f"{tag}: steps {found} for {wanted}"
    for (step, a), (_, b) in zip(found, wanted):
        assert np.float32(a) == b, f"{tag} at {step}: {a} for {b}"


def png_size(data):
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">II", data[16:24])


def check_images(run, tags, image_of):
    """@param image_of tag → [(step, width, height, bytes)]"""
    first = run / "first-batch.png"
    wanted = ({"train/first-batch"} if first.exists() else set()) | {"validation/confusion"}
    assert set(tags) == wanted, f"images {sorted(tags)}"
    for tag in tags:
        for step, width, height, data in image_of(tag):
            assert png_size(data) == (width, height), tag
            if tag == "train/first-batch":
                assert (step, data) == (0, first.read_bytes())


def accumulate(folder):
    found = EventAccumulator(str(folder), size_guidance=dict.fromkeys(["scalars", "images", "tensors"], 0))
    found.Reload()
    return found


points = 0
for run in runs:
    name = str(run.relative_to(logdir))
    for run_name, series in expected_scalars(run).items():
        found = accumulate(logdir / run_name)
        assert set(found.Tags()["scalars"]) == set(series), found.Tags()["scalars"]
        for tag, wanted in series.items():
            same(tag, [(event.step, event.value) for event in found.Scalars(tag)], wanted)
            points += len(wanted)
    found = accumulate(run)
    [recipe] = found.Tensors("recipe/text_summary" if "recipe/text_summary" in found.Tags()["tensors"] else "recipe")
    assert recipe.tensor_proto.string_val[0].decode() == f"~~~yaml\n{(run / 'config.yaml').read_text()}~~~"
    check_images(
        run,
        found.Tags()["images"],
        lambda tag: [(e.step, e.width, e.height, e.encoded_image_string) for e in found.Images(tag)],
    )
print(f"EventAccumulator: {len(runs)} runs, {points} points, as they were written")


def serve(load_fast):
    words = ["--logdir", str(logdir), "--port", "0", "--host", "127.0.0.1", f"--load_fast={load_fast}"]
    # As many images as there are.
    words += ["--samples_per_plugin", "images=10000,scalars=100000"]
    server = subprocess.Popen(
        [sys.executable, "-m", "tensorboard.main", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    said = []
    for line in server.stdout:
        said.append(line)
        address = re.search(r"http://[^/]+:\d+/", line)
        if address:
            # What it goes on to say must not fill the pipe.
            threading.Thread(target=lambda: [None for _ in server.stdout], daemon=True).start()
            return server, address[0]
    raise SystemExit("".join(said))


def check_server(load_fast):
    server, address = serve(load_fast)

    def get(route, body=None, **query):
        url = f"{address}data/{route}" + (f"?{urllib.parse.urlencode(query)}" if query else "")
        request = urllib.request.Request(url, None if body is None else json.dumps(body).encode())
        if body is not None:
            request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=30) as answer:
            data = answer.read()
            return json.loads(data) if "json" in answer.headers["Content-Type"] else data

    try:
        series = {name: tags for run in runs for name, tags in expected_scalars(run).items()}
        deadline = time.monotonic() + 60
        while True:
            listed = get("plugin/scalars/tags")
            if {name: set(tags) for name, tags in listed.items()} == {n: set(t) for n, t in series.items()}:
                break
            assert time.monotonic() < deadline, f"it lists {listed}"
            time.sleep(0.5)
        count = 0
        for name, tags in series.items():
            for tag, wanted in tags.items():
                found = get("plugin/scalars/scalars", run=name, tag=tag)
                same(f"{name} {tag}", [(step, value) for _, step, value in found], wanted)
                count += len(wanted)
        images = get("plugin/images/tags")
        texts = get("plugin/text/tags")
        pictures = 0
        for run in runs:
            name = str(run.relative_to(logdir))

            def image_of(tag):
                listed = get("plugin/images/images", run=name, tag=tag, sample=0)
                files = [get(f"plugin/images/individualImage?{at['query']}") for at in listed]
                return [(at["step"], *png_size(data), data) for at, data in zip(listed, files)]

            check_images(run, images[name], image_of)
            pictures += sum(len(image_of(tag)) for tag in images[name])
            assert texts[name] == ["recipe"], texts
            [text] = get("plugin/text/text", run=name, tag="recipe")
            assert "<pre>" in text["text"] and "backbone" in text["text"], text
            if f"{name}/evaluate" in series:
                assert list(images[f"{name}/evaluate"]) == ["evaluate/confusion"]
                assert texts[f"{name}/evaluate"] == ["evaluate/protocol"]
                pictures += 1
        sessions = get("plugin/hparams/session_groups", {"experimentName": "", "colParams": [], "sliceSize": 100,
                       "allowedStatuses": ["STATUS_UNKNOWN", "STATUS_SUCCESS", "STATUS_FAILURE", "STATUS_RUNNING"]})
        groups = {group["sessions"][0]["name"]: group for group in sessions["sessionGroups"]}
        assert set(groups) <= {str(run.relative_to(logdir)) for run in runs}
        print(
            f"TensorBoard's server, load_fast={load_fast}: {count} points of {sum(map(len, series.values()))} series, "
            f"{pictures} pictures, {len(texts)} texts; {len(groups)} of {len(runs)} runs in the table of hyperparameters"
        )
        for name, group in groups.items():
            print(f"  {name}: {len(group['hparams'])} hyperparameters, e.g. {dict(list(group['hparams'].items())[:4])}")
    finally:
        server.terminate()
        server.wait()


check_server("false")
try:
    import tensorboard_data_server  # noqa: F401

    check_server("true")
except ImportError:
    print("tensorboard-data-server is not installed: its way to load is left out")
