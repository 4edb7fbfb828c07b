"""Adapters that Hone wrote, through PEFT and back: what PeftRoundTripTest compares.

    PYTHON reference_round_trip.py CASES.json       # PYTHON has torch, transformers and peft

CASES.json is a list of {adapter, base, rows, out}: PEFT loads the adapter on the base, computes logits of each row of ids, and
writes out/logits.safetensors and, as its own, out/adapter.
"""
import json, os, sys

os.environ.setdefault("HF_HUB_OFFLINE", "1")
import torch
from peft import PeftModel, get_peft_model_state_dict
from safetensors import safe_open
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

torch.set_num_threads(1)
for case in json.load(open(sys.argv[1])):
    base = AutoModelForCausalLM.from_pretrained(case["base"], dtype=torch.float32, attn_implementation="eager").eval()
    model = PeftModel.from_pretrained(base, case["adapter"]).eval()
    with safe_open(os.path.join(case["adapter"], "adapter_model.safetensors"), "pt") as file:
        written = {name for name in file.keys()}
    wanted = {name for name, value in get_peft_model_state_dict(model).items() if value.numel()}
    if written != wanted:  # PEFT only warns
        sys.exit(f"{case['adapter']}: missing {sorted(wanted - written)}, unexpected {sorted(written - wanted)}")
    with torch.no_grad():
        logits = {f"logits.{i}": model(input_ids=torch.tensor([row])).logits[0].contiguous()
                  for i, row in enumerate(case["rows"])}
    os.makedirs(case["out"], exist_ok=True)
    save_file(logits, os.path.join(case["out"], "logits.safetensors"))
    model.save_pretrained(os.path.join(case["out"], "adapter"))
