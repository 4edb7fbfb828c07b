"""The cases of dev.hone.bench.TaskBench with sentence-transformers, transformers and scikit-learn: the same rows, settings, measures.

    python bench/reference_tasks.py --case NAME --model DIR --data DIR [--seed N] [--threads 2] [--max-steps N]

DIR of --data is what dev.hone.bench.TaskData wrote. Rates rise over a tenth of the steps and fall to 0; fused AdamW with a weight
decay of 0.01, gradients clipped to 1. One JSON line; seconds are those of training, peak_rss_mb is the process's.
"""
import argparse, json, os, random, resource, sys, tempfile, time

ap = argparse.ArgumentParser()
ap.add_argument("--case", default="")
ap.add_argument("--model")
ap.add_argument("--data")
ap.add_argument("--seed", type=int, default=1)
ap.add_argument("--threads", type=int, default=2)
ap.add_argument("--max-steps", type=int, default=0)
ap.add_argument("--table", help="a file of such lines of both sides, of which a table is made")
args = ap.parse_args()


def table(file):
    """Means over seeds; of seconds of training, of the whole process, and of memory the shares of Python's."""
    lines = [json.loads(line) for line in open(file)]
    print("| case | seeds | score here | score there | seconds | share | process | share | MiB | share |\n|---|---|---|---|---|---|---|---|---|---|")
    for case in dict.fromkeys(line["case"] for line in lines):
        sides = [[line for line in lines if line["case"] == case and line["side"] == side] for side in ("hone", "python")]
        if not all(sides):
            continue
        mean = lambda side, key: sum(line[key] for line in side) / len(side)
        cells = [case, str(len(sides[0]))]
        for side in sides:
            scores = ", ".join(f"{line['score']:.3f}" for line in side)
            before = f"{mean(side, 'before'):.3f} to " if "before" in side[0] else ""
            cells.append(f"{before}{mean(side, 'score'):.3f}" + (f" ({scores})" if len(side) > 1 else ""))
        for key in ("seconds", "process_s", "peak_rss_mb"):
            ours, theirs = mean(sides[0], key), mean(sides[1], key)
            cells += [f"{ours:.1f} / {theirs:.1f}" if key != "peak_rss_mb" else f"{ours:.0f} / {theirs:.0f}",
                      f"{ours / theirs:.2f}" if theirs else ""]
        print("| " + " | ".join(cells) + " |")


if args.table:
    table(args.table)
    sys.exit()
os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = str(args.threads)
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
import numpy as np
import torch

torch.set_num_threads(args.threads)
torch.manual_seed(args.seed)
kind = args.case.split("-")[0]


def rows(name):
    with open(os.path.join(args.data, name), encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def embedder():
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Normalize, Pooling, Transformer
    body = Transformer(args.model, max_seq_length=256 if kind == "embed" else 64)
    return SentenceTransformer(modules=[body, Pooling(body.get_word_embedding_dimension(), "mean"), Normalize()], device="cpu")


def tune(model, columns, loss, rate, epochs, batch):
    from datasets import Dataset
    from sentence_transformers import SentenceTransformerTrainer, SentenceTransformerTrainingArguments
    from sentence_transformers.training_args import BatchSamplers
    with tempfile.TemporaryDirectory() as out:
        settings = SentenceTransformerTrainingArguments(
            out, learning_rate=rate, num_train_epochs=epochs, per_device_train_batch_size=batch, warmup_steps=0.1, weight_decay=0.01,
            seed=args.seed, save_strategy="no", logging_strategy="no", report_to="none", disable_tqdm=True, use_cpu=True,
            max_steps=args.max_steps or -1,
            batch_sampler=BatchSamplers.NO_DUPLICATES if kind == "embed" else BatchSamplers.BATCH_SAMPLER)
        trainer = SentenceTransformerTrainer(model, settings, train_dataset=Dataset.from_dict(columns), loss=loss)
        start = time.perf_counter()
        trainer.train()
        return trainer.state.global_step, time.perf_counter() - start


def embed():
    from sentence_transformers.losses import MultipleNegativesRankingLoss
    model, test = embedder(), rows("embed-test.jsonl")

    def ndcg():
        # every text that is no query is searched, as in EmbeddingEvaluator
        texts = list(dict.fromkeys(row["positive"] for row in test))
        queries = list(dict.fromkeys(row["anchor"] for row in test))
        right = {query: {texts.index(row["positive"]) for row in test if row["anchor"] == query} for query in queries}
        found = model.encode(queries, normalize_embeddings=True) @ model.encode(texts, normalize_embeddings=True).T
        total = 0.0
        for query, scores in zip(queries, found):
            best = np.argsort(-scores, kind="stable")[:10]
            gain = sum(1 / np.log2(i + 2) for i, text in enumerate(best) if int(text) in right[query])
            total += gain / sum(1 / np.log2(i + 2) for i in range(min(10, len(right[query]))))
        return total / len(queries)
    before, training = ndcg(), rows("embed-train.jsonl")
    columns = {name: [row[name] for row in training] for name in ("anchor", "positive")}
    steps, seconds = tune(model, columns, MultipleNegativesRankingLoss(model), 5e-5, 1, 32)
    return before, ndcg(), steps, seconds


def few(body):
    """SetFit's way: pairs of all texts, both kinds equally often, at most 40 pairs a text; a regression on the vectors."""
    from sentence_transformers.losses import CosineSimilarityLoss
    from sklearn.linear_model import LogisticRegression
    name = args.case.split("-", 1)[1]
    model, training, test = embedder(), rows(f"few-{name}-{args.seed}.jsonl"), rows(f"few-{name.split('-')[0]}-test.jsonl")
    steps, seconds = 0, 0.0
    if body:
        same, other = [], []
        for i, a in enumerate(training):
            for b in training[i:]:
                (same if a["label"] == b["label"] else other).append((a["text"], b["text"], float(a["label"] == b["label"])))
        most = max(len(same), len(other))
        pairs = [kinds[i % len(kinds)] for i in range(most) for kinds in (same, other)]
        pairs = random.Random(args.seed).sample(pairs, min(len(pairs), 40 * len(training)))
        columns = {"sentence1": [p[0] for p in pairs], "sentence2": [p[1] for p in pairs], "label": [p[2] for p in pairs]}
        steps, seconds = tune(model, columns, CosineSimilarityLoss(model), 2e-5, 1, 16)
    head = LogisticRegression().fit(model.encode([row["text"] for row in training]), [row["label"] for row in training])
    found = head.predict(model.encode([row["text"] for row in test]))
    return None, float(np.mean([a == row["label"] for a, row in zip(found, test)])), steps, seconds


def loop(model, batches, rate, epochs):
    """Batches of an epoch are made by a function of a random order."""
    from transformers import get_linear_schedule_with_warmup
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.01, fused=True)
    order = random.Random(args.seed)
    total = args.max_steps or epochs * len(batches(random.Random(0)))
    schedule = get_linear_schedule_with_warmup(optimizer, round(0.1 * total), total)
    model.train()
    steps, start = 0, time.perf_counter()
    while steps < total:
        for batch in batches(order):
            optimizer.zero_grad(set_to_none=True)
            model(**batch).loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            steps += 1
            if steps == total:
                break
    seconds = time.perf_counter() - start
    model.eval()
    return steps, seconds


def tokenizer():
    from transformers import AutoTokenizer
    return AutoTokenizer.from_pretrained(args.model)


def full():
    from transformers import AutoModelForSequenceClassification
    name = args.case.split("-", 1)[1]
    training, test = rows(f"few-{name}-{args.seed}.jsonl"), rows(f"few-{name.split('-')[0]}-test.jsonl")
    cut, model = tokenizer(), AutoModelForSequenceClassification.from_pretrained(args.model, num_labels=2)

    def encoded(part):
        return dict(cut([row["text"] for row in part], truncation=True, max_length=64, padding=True, return_tensors="pt"))

    def batches(order):
        mixed = order.sample(training, len(training))
        parts = [mixed[i:i + 8] for i in range(0, len(mixed), 8)]
        return [{**encoded(part), "labels": torch.tensor([int(row["label"]) for row in part])} for part in parts]
    steps, seconds = loop(model, batches, 5e-5, 25)
    with torch.inference_mode():
        found = [y for i in range(0, len(test), 32) for y in model(**encoded(test[i:i + 32])).logits.argmax(-1).tolist()]
    return None, float(np.mean([y == int(row["label"]) for y, row in zip(found, test)])), steps, seconds


def conll(name):
    with open(os.path.join(args.data, name), encoding="utf-8") as file:
        return [[line.split(" ") for line in part.split("\n")] for part in file.read().strip().split("\n\n")]


def spans(tags):
    """Strict: a span begins with B and goes on with I of its type."""
    found, start = set(), None
    for i, tag in enumerate(tags + ["O"]):
        if start is not None and not (tag.startswith("I-") and tag[2:] == tags[start][2:]):
            found.add((start, i, tags[start][2:]))
            start = None
        if tag.startswith("B-"):
            start = i
    return found


def tag():
    from transformers import AutoModelForTokenClassification
    training, test = conll("tag-train.conll"), conll("tag-test.conll")
    names = sorted({tag for row in training for _, tag in row})
    cut, model = tokenizer(), AutoModelForTokenClassification.from_pretrained(args.model, num_labels=len(names))

    def encoded(part):
        return cut([[word for word, _ in row] for row in part], is_split_into_words=True, padding=True, return_tensors="pt")

    def firsts(tokens, i):
        """The place of each word's first token."""
        places = {}
        for place, word in enumerate(tokens.word_ids(i)):
            if word is not None:
                places.setdefault(word, place)
        return places

    def batches(order):
        mixed = order.sample(training, len(training))
        made = []
        for part in (mixed[i:i + 16] for i in range(0, len(mixed), 16)):
            tokens = encoded(part)
            labels = torch.full(tokens["input_ids"].shape, -100)
            for i, row in enumerate(part):
                for word, place in firsts(tokens, i).items():
                    labels[i, place] = names.index(row[word][1])
            made.append({**tokens, "labels": labels})
        return made
    steps, seconds = loop(model, batches, 3e-4, 2)
    right = truth = guessed = 0
    with torch.inference_mode():
        for i in range(0, len(test), 32):
            part = test[i:i + 32]
            tokens = encoded(part)
            best = model(**tokens).logits.argmax(-1)
            for j, row in enumerate(part):
                places = firsts(tokens, j)
                found = spans([names[best[j, places[w]]] if w in places else "O" for w in range(len(row))])
                wanted = spans([tag for _, tag in row])
                right, truth, guessed = right + len(found & wanted), truth + len(wanted), guessed + len(found)
    return None, 2 * right / (truth + guessed), steps, seconds


before, score, steps, seconds = {"embed": embed, "tag": tag, "few": lambda: few(True), "probe": lambda: few(False), "full": full}[kind]()
print(json.dumps({"side": "python", "case": args.case, "seed": args.seed, **({} if before is None else {"before": round(before, 4)}),
                  "score": round(score, 4), "steps": steps, "seconds": round(seconds, 2),
                  "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)}), flush=True)
