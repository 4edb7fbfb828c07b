#!/usr/bin/env python3
"""MiniLM's vectors by ONNX Runtime, sorted by length in batches of 32 and one sentence at a time: texts per second.

python reference_sentences.py MODEL.onnx TOKENIZER.json TEXTS.tsv THREADS COUNT
"""
import sys
import time

import numpy
import onnxruntime
from tokenizers import Tokenizer

model, vocabulary, file, threads, count = sys.argv[1:]
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = int(threads)
session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
names = [each.name for each in session.get_inputs()]
tokenizer = Tokenizer.from_file(vocabulary)
tokenizer.no_padding()
tokenizer.enable_truncation(256)
lines = [line.split("\t")[0] for line in open(file, encoding="utf-8").read().rstrip("\n").split("\n")]
texts = [lines[i % len(lines)] for i in range(int(count))]


def vectors(batch):
    encoded = tokenizer.encode_batch(batch)
    longest = max(len(each.ids) for each in encoded)
    ids = numpy.zeros((len(batch), longest), dtype=numpy.int64)
    mask = numpy.zeros_like(ids)
    for i, each in enumerate(encoded):
        ids[i, :len(each.ids)] = each.ids
        mask[i, :len(each.ids)] = 1
    given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": numpy.zeros_like(ids)}
    hidden = session.run(None, {name: given[name] for name in names})[0]
    weights = mask[..., None].astype(numpy.float32)
    mean = (hidden * weights).sum(1) / weights.sum(1) if hidden.ndim == 3 else hidden
    return mean / numpy.linalg.norm(mean, axis=1, keepdims=True)


for size in (32, 1):
    best = 0.0
    for _ in range(3):
        begin = time.perf_counter()
        order = sorted(texts, key=len) if size > 1 else texts
        for i in range(0, len(order), size):
            vectors(order[i:i + size])
        best = max(best, len(texts) / (time.perf_counter() - begin))
    print('{"name": "onnxruntime %s", "batch": %d, "threads": %s, "texts_per_s": %.1f}'
          % (onnxruntime.__version__, size, threads, best))
