"""Encoders in ONNX Runtime on the CPU, from texts to vectors or labels: what EncoderBench measures, and the same JSON line.

    python reference_inference.py --model FILE.onnx --tokenizer tokenizer.json --kind embed|classify --texts FILE --per-call N
                                  [--threads 2] [--seconds 5]

Needs onnxruntime, tokenizers and numpy. Texts of a call are padded to the longest of them; vectors are the mean, of length 1.
"""
import argparse, json, os, statistics, time

parser = argparse.ArgumentParser()
for flag in ("--model", "--tokenizer", "--kind", "--texts"):
    parser.add_argument(flag, required=True)
parser.add_argument("--per-call", type=int, required=True)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--seconds", type=float, default=5)
args = parser.parse_args()
os.environ["RAYON_NUM_THREADS"] = str(args.threads)

import numpy as np
import onnxruntime as ort
from tokenizers import Tokenizer

options = ort.SessionOptions()
options.intra_op_num_threads = args.threads
options.inter_op_num_threads = 1
session = ort.InferenceSession(args.model, options, providers=["CPUExecutionProvider"])
names = [node.name for node in session.get_inputs()]
tokenizer = Tokenizer.from_file(args.tokenizer)
tokenizer.no_padding()
tokenizer.enable_truncation(256)
tokenizer.enable_padding()
texts = [line.rstrip("\n").split("\t")[0] for line in open(args.texts, encoding="utf-8")]


def answer(batch):
    encodings = tokenizer.encode_batch(batch)
    ids = np.array([e.ids for e in encodings], dtype=np.int64)
    mask = np.array([e.attention_mask for e in encodings], dtype=np.int64)
    feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
    out = session.run(None, {name: feed[name] for name in names})[0]
    if args.kind == "embed":
        if out.ndim == 3:
            weight = mask[:, :, None].astype(np.float32)
            out = (out * weight).sum(1) / weight.sum(1)
        return out / np.linalg.norm(out, axis=1, keepdims=True)
    out = np.exp(out - out.max(1, keepdims=True))
    return out / out.sum(1, keepdims=True)


calls, i, times = len(texts) // args.per_call, 0, []
begin = time.perf_counter()
measured = None
while len(times) < 3 or time.perf_counter() - begin < 2 * args.seconds:
    start = time.perf_counter()
    at = i % calls * args.per_call
    answer(texts[at:at + args.per_call])
    i += 1
    if start - begin > args.seconds:
        measured = measured or start
        times.append((time.perf_counter() - start) * 1e3)
rate = len(times) * args.per_call / (time.perf_counter() - measured)
print(json.dumps({"kind": args.kind, "per_call": args.per_call, "threads": args.threads,
                  "median_ms": round(statistics.median(times), 3), "sentences_per_s": round(rate, 1)}))
