"""A LoRA step and greedy decoding with PyTorch and PEFT, the cases of dev.hone.bench.GpuCheck (parts lora and decode), with random
weights: run it on the same GPU in the same hour. One JSON line.

    python bench/reference_gpu.py [--tiny] [--device cuda|cpu]        # --tiny shows that it runs
"""
import argparse
import json
import time

import torch
from peft import LoraConfig, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM

parser = argparse.ArgumentParser()
parser.add_argument("--tiny", action="store_true")
parser.add_argument("--device", default="cuda")
flags = parser.parse_args()
SHAPE = dict(vocab_size=97, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
    max_position_embeddings=64) if flags.tiny else dict(vocab_size=128256, hidden_size=2048, intermediate_size=8192,
    num_hidden_layers=16, num_attention_heads=32, num_key_value_heads=8, max_position_embeddings=2048)
BATCH, LENGTH = (2, 9) if flags.tiny else (8, 1024)
PROMPT, NEW = (5, 8) if flags.tiny else (128, 128)
WARM, TIMED = 3, 5


def wait():
    if flags.device == "cuda":
        torch.cuda.synchronize()


torch.manual_seed(1)
model = LlamaForCausalLM(LlamaConfig(**SHAPE, tie_word_embeddings=True, attn_implementation="sdpa")).to(flags.device, torch.bfloat16)
model.eval()
prompt = torch.randint(0, SHAPE["vocab_size"], (1, PROMPT), device=flags.device)
rates = []
with torch.no_grad():
    for _ in range(3):
        past = model(prompt, use_cache=True)
        token = past.logits[:, -1:].argmax(-1)
        wait()
        start = time.perf_counter()
        for _ in range(NEW - 1):
            past = model(token, past_key_values=past.past_key_values, use_cache=True)
            token = past.logits[:, -1:].argmax(-1)
        wait()
        rates.append((NEW - 1) / (time.perf_counter() - start))

tuned = get_peft_model(model, LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM"))
tuned.train()
for parameter in tuned.parameters():
    if parameter.requires_grad:
        parameter.data = parameter.data.float()
optimizer = torch.optim.AdamW([p for p in tuned.parameters() if p.requires_grad], lr=1e-4, weight_decay=0.01,
    fused=flags.device == "cuda")
ids = torch.randint(0, SHAPE["vocab_size"], (BATCH, LENGTH), device=flags.device)
if flags.device == "cuda":
    torch.cuda.reset_peak_memory_stats()
times = []
for step in range(-WARM, TIMED):
    wait()
    start = time.perf_counter()
    with torch.autocast(flags.device, dtype=torch.bfloat16):
        loss = tuned(input_ids=ids, labels=ids).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_([p for p in tuned.parameters() if p.requires_grad], 1)
    optimizer.step()
    optimizer.zero_grad()
    loss.item()
    if step >= 0:
        times.append(time.perf_counter() - start)
median = sorted(times)[TIMED // 2]
print(json.dumps({"torch": torch.__version__, "lora": {"tokens_per_s": BATCH * LENGTH / median, "step_ms": median * 1e3,
    "memory_bytes": torch.cuda.max_memory_reserved() if flags.device == "cuda" else None},
    "decode": {"tokens_per_s": max(rates)}}))
