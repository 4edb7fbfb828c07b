"""The cases of dev.hone.bench.SavingBench in torch, transformers and peft: padded, eager, everything computed.

    python bench/reference_saving.py [--only REGEX] [--threads 2] [--steps 5] [--warmup 2] [--compile]
    python bench/reference_saving.py --prepare DIR          # a model, a tokenizer and pairs for the job of preferences
    python bench/reference_saving.py --dpo-job DIR          # an epoch over them by TRL
    python bench/reference_saving.py --table OURS THEIRS    # ratios of such lines, of which each run adds one

A step is zero_grad, forward, loss, backward, clip_grad_norm_ 1.0 and fused AdamW. One JSON line per case; peak_rss_mb is the
process's, so run one case for it. The long sequences recompute their layers.
"""
import argparse, json, math, os, re, resource, statistics, sys, tempfile, time

ap = argparse.ArgumentParser()
ap.add_argument("--only", default="")
ap.add_argument("--threads", type=int, default=2)
ap.add_argument("--steps", type=int, default=5)
ap.add_argument("--warmup", type=int, default=2)
ap.add_argument("--compile", action="store_true")
ap.add_argument("--prepare")
ap.add_argument("--dpo-job")
ap.add_argument("--table", nargs=2)
args = ap.parse_args()
DPO_JOB = "dpo-job-llama-135m/24x300+60/lora16"


def table():
    """Ratios of medians, with those of the runs in turn; then the geometric mean over steps of fixed length."""
    sides = []
    for file in args.table:
        cases = {}
        for line in open(file):
            row = json.loads(line)
            name = row.get("case") or row["set"] + "/" + row["method"]
            ms = row["step_ms"] if "step_ms" in row else 1e3 * row["seconds"]["median"]
            cases.setdefault(name, []).append((ms, row["peak_rss_mb"]))
        sides.append(cases)
    ours, theirs = sides
    median = lambda rows, i: statistics.median(row[i] for row in rows)
    print("| case | runs | ours ms | PyTorch ms | ratio | in turn | ours MiB | PyTorch MiB | share |\n|---|---|---|---|---|---|---|---|---|")
    fixed = []
    for name, rows in ours.items():
        there = theirs.get(re.sub(r"\+(plain|bf16)$", "", name))
        if not there:
            continue
        ratio = median(there, 0) / median(rows, 0)
        turns = sorted(b[0] / a[0] for a, b in zip(rows, there))
        if re.match(r"(bert|distilbert|gpt2|llama)-", name) and not re.search(r"\+(plain|bf16)$", name):
            fixed.append(ratio)
        print(f"| {name} | {len(turns)} | {median(rows, 0):.0f} | {median(there, 0):.0f} | {ratio:.2f} | {turns[0]:.2f} to {turns[-1]:.2f} | "
              f"{median(rows, 1):.0f} | {median(there, 1):.0f} | {median(rows, 1) / median(there, 1):.2f} |")
    if fixed:
        print(f"\nSteps of fixed length, geometric mean: {math.exp(sum(map(math.log, fixed)) / len(fixed)):.2f} over {len(fixed)}")


if args.table:
    table()
    sys.exit()
os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = str(args.threads)
os.environ.setdefault("HF_HUB_OFFLINE", "1")
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, BertConfig, LlamaConfig

torch.set_num_threads(args.threads)
torch.manual_seed(1)


def plain_llama(length):
    cfg = LlamaConfig(hidden_size=576, intermediate_size=1536, num_hidden_layers=30, num_attention_heads=9,
                      num_key_value_heads=3, vocab_size=49152, tie_word_embeddings=True,
                      max_position_embeddings=max(2048, length))
    cfg.use_cache = False
    return AutoModelForCausalLM.from_config(cfg, attn_implementation="sdpa", dtype=torch.float32)


def llama(length):
    return get_peft_model(plain_llama(length), LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM"))


def minilm(rank, head=False):
    cfg = BertConfig(hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536, num_labels=2,
                     hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    model = AutoModelForSequenceClassification.from_config(cfg, attn_implementation="sdpa")
    if head:
        for name, p in model.named_parameters():
            p.requires_grad = name.startswith("classifier") or "pooler" in name
    elif rank:
        model = get_peft_model(model, LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=["query", "value"],
                                                 modules_to_save=["classifier"], task_type="SEQ_CLS"))
    return model


def answers(groups, alike, prompt, answer):
    """Token losses of the answers, each row with a factor: 1, or 1 and -1 in turn as those of preferences."""
    model = llama(prompt + answer)
    rows = []
    for _ in range(groups):
        shared = torch.randint(0, 49152, (prompt,))
        rows += [torch.cat([shared, torch.randint(0, 49152, (answer,))]) for _ in range(alike)]
    ids = torch.stack(rows)
    signs = torch.ones(len(rows)) if groups == 1 else torch.tensor([1.0, -1.0] * (len(rows) // 2))

    def loss():
        # logits of the answers alone, as trainers that know how many to keep
        logits = model(input_ids=ids, logits_to_keep=answer + 1).logits[:, :-1]
        each = torch.nn.functional.cross_entropy(logits.transpose(1, 2), ids[:, -answer:], reduction="none")
        return (each.sum(1) * signs).sum() / each.numel()
    return model, loss, ids.numel()


def classifier(rank):
    model = minilm(rank)
    ids = torch.randint(0, 30522, (16, 128))
    labels = torch.arange(16) % 2
    return model, lambda: model(input_ids=ids, labels=labels).loss, ids.numel()


def sequence(length):
    model = llama(length)
    model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    model.enable_input_require_grads()
    ids = torch.randint(0, 49152, (1, length))
    return model, lambda: model(input_ids=ids, labels=ids).loss, length


def steps(model, loss):
    model.train()
    params = [p for p in model.parameters() if p.requires_grad]
    opt = torch.optim.AdamW(params, lr=1e-4, weight_decay=0.01, fused=True)

    def step():
        opt.zero_grad(set_to_none=True)
        loss().backward()
        torch.nn.utils.clip_grad_norm_(params, 1.0)
        opt.step()
    return step


def head():
    """Three epochs of the head on 512 rows, the whole model in every step."""
    model = minilm(0, head=True)
    ids = torch.randint(0, 30522, (512, 64))
    labels = torch.arange(512) % 2
    at = [0]

    def loss():
        rows = slice(at[0], at[0] + 32)
        at[0] = (at[0] + 32) % 512
        return model(input_ids=ids[rows], labels=labels[rows]).loss
    step = steps(model, loss)

    def run():
        for _ in range(3 * 512 // 32):
            step()
    return run, 3 * 512 * 64


def made(model, loss, tokens):
    if args.compile:
        model.forward = torch.compile(model.forward)
    return steps(model, loss), tokens


def prepare(folder):
    """A random model of the shape, words for its tokens, and 24 pairs: prompts of 300 words, answers of 59 and an end."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast
    words = {"<s>": 0, "</s>": 1, "<unk>": 2, **{f"w{i}": i for i in range(3, 49152)}}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", pad_token="</s>",
                            unk_token="<unk>").save_pretrained(folder)
    plain_llama(2048).save_pretrained(folder)
    text = lambda count: " ".join(f"w{i}" for i in torch.randint(3, 49152, (count,)).tolist())
    with open(os.path.join(folder, "pairs.jsonl"), "w") as file:
        for _ in range(24):
            file.write(json.dumps({"prompt": text(300), "chosen": " " + text(59), "rejected": " " + text(59)}) + "\n")


def dpo_job(folder):
    from datasets import Dataset
    from transformers import AutoTokenizer
    from trl import DPOConfig, DPOTrainer
    model = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="sdpa", dtype=torch.float32)
    with open(os.path.join(folder, "pairs.jsonl")) as file:
        rows = Dataset.from_list([json.loads(line) for line in file])
    lora = LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM")
    with tempfile.TemporaryDirectory() as out:
        settings = DPOConfig(out, learning_rate=1e-4, num_train_epochs=1, per_device_train_batch_size=4, warmup_steps=0.1,
                             weight_decay=0.01, seed=1, save_strategy="no", logging_strategy="no", report_to="none",
                             disable_tqdm=True, use_cpu=True, bf16=False, gradient_checkpointing=False,
                             optim="adamw_torch_fused", dataloader_num_workers=0)
        start = time.perf_counter()  # with the encoding of rows, as on the other side
        DPOTrainer(model, args=settings, train_dataset=rows, processing_class=AutoTokenizer.from_pretrained(folder),
                   peft_config=lora).train()
        seconds = time.perf_counter() - start
    report(DPO_JOB, [1e3 * seconds], 24 * 720)


def report(name, times, tokens):
    median = statistics.median(times)
    print(json.dumps({"case": name, "threads": args.threads, "step_ms": round(median, 1), "best_ms": round(min(times), 1),
                      "tokens_per_s": round(tokens / median * 1e3),
                      "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)}), flush=True)


if args.prepare:
    prepare(args.prepare)
    sys.exit()
if args.dpo_job:
    dpo_job(args.dpo_job)
    sys.exit()

CASES = {
    "chat-llama-135m/8x200+30/lora16": lambda: made(*answers(1, 8, 200, 30)),
    "dpo-llama-135m/4x2x300+60/lora16": lambda: made(*answers(4, 2, 300, 60)),
    "first-minilm/16x128/lora8": lambda: made(*classifier(8)),
    "first-minilm/16x128/full": lambda: made(*classifier(0)),
    "head-minilm/512x64/3epochs": head,
    **{f"long-llama-135m/1x{n}/lora16+ckpt": (lambda n=n: made(*sequence(n))) for n in (2048, 8192, 32768)},
}
for name, make in CASES.items():
    if not re.search(args.only, name):
        continue
    step, tokens = make()
    times = []
    for i in range(-args.warmup, args.steps):
        start = time.perf_counter()
        step()
        if i >= 0:
            times.append((time.perf_counter() - start) * 1e3)
    report(name, times, tokens)
