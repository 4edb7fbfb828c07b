"""The gradient of a step that is shared by processes against PyTorch's on the whole batch.

    python bench/reference_ranks.py "./hone" [mpirun...]        # needs torch and transformers; about two minutes

A small random Llama takes one step of plain descent with rate 1, so that what a weight has moved by is its gradient. Texts have
unequal lengths: the mean is over all tokens of the step, whoever has them. The largest difference must be below 1e-5 of the largest
gradient for 1 to 4 processes.
"""
import json
import pathlib
import shlex
import subprocess
import sys
import tempfile

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

hone = shlex.split(sys.argv[1])
launcher = sys.argv[2:] or "mpirun --allow-run-as-root --oversubscribe --bind-to none".split()
directory = pathlib.Path(tempfile.mkdtemp())
texts = ["the wind went over the hill and " + "on " * n for n in (1, 30, 3, 17, 0, 9, 2, 24, 5, 12, 7, 1)]

vocabulary = {token: i for i, token in enumerate(["<s>", "</s>"] + sorted(pre_tokenizers.ByteLevel.alphabet()))}
tokenizer = Tokenizer(models.BPE(vocabulary, []))
tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
tokenizer.decoder = decoders.ByteLevel()
tokenizer = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>")
torch.manual_seed(1)
model = LlamaForCausalLM(LlamaConfig(vocab_size=len(vocabulary), hidden_size=64, intermediate_size=128, num_hidden_layers=3,
    num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=256, initializer_range=0.1, bos_token_id=0, eos_token_id=1,
    tie_word_embeddings=False))
model.save_pretrained(directory / "model")
tokenizer.save_pretrained(directory / "model")
(directory / "rows.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))

total, items = 0, 0
for text in texts:
    ids = torch.tensor([tokenizer(text, add_special_tokens=False)["input_ids"] + [1]])
    logits = model(ids).logits[0, :-1]
    total = total + torch.nn.functional.cross_entropy(logits, ids[0, 1:], reduction="sum")
    items += ids.shape[1] - 1
(total / items).backward()
expected = {name: parameter.grad for name, parameter in model.named_parameters()}
largest = max(gradient.abs().max().item() for gradient in expected.values())
print(f"PyTorch: loss {total.item() / items:.6f} over {items} tokens of {len(texts)} rows, largest gradient {largest:.4f}")

before = load_file(directory / "model/model.safetensors")
wrong = False
for ranks in (1, 2, 3, 4):
    out = directory / f"out-{ranks}"
    command = hone + ["train", "--task", "generate", "--method", "full", "--model", directory / "model", "--data",
        directory / "rows.jsonl", "--output-dir", out, "--optim", "sgd", "--learning-rate", "1", "--lr-scheduler-type", "constant",
        "--warmup-ratio", "0", "--weight-decay", "0", "--max-grad-norm", "0", "--dropout", "0", "--batch-size", "12", "--max-steps",
        "1", "--step-blocks", "4", "--val-size", "0", "--report-to", "none", "--quiet"]
    command = [str(word) for word in command]
    subprocess.run(command if ranks == 1 else launcher + ["-n", str(ranks)] + command, check=True)
    step = json.loads((out / "metrics.jsonl").read_text().splitlines()[0])
    after = load_file(out / "model/model.safetensors")
    worst = max((before[name] - after[name] - gradient).abs().max().item() for name, gradient in expected.items()) / largest
    print(f"{ranks} processes: loss {step['loss']:.6f}, {step['tokens']} tokens, largest difference {worst:.1e} of the largest gradient")
    wrong |= worst >= 1e-5 or abs(step["loss"] - total.item() / items) >= 1e-5
sys.exit(wrong)
