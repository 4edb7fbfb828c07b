"""Logits of a tiny random Llama under every kind of rotary scaling, computed by transformers in float32 on the CPU.

    python make_rope.py        writes model.safetensors, cases.json and logits.safetensors beside this file
"""
import json
import os

import torch
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM

HERE = os.path.dirname(os.path.abspath(__file__))
SIZES = dict(vocab_size=61, hidden_size=24, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4,
             num_key_value_heads=2, head_dim=12, max_position_embeddings=48, tie_word_embeddings=False)
LENGTH = 48
CASES = {
    "default": {"rope_type": "default", "rope_theta": 10000.0},
    "linear": {"rope_type": "linear", "rope_theta": 10000.0, "factor": 4.0},
    "dynamic": {"rope_type": "dynamic", "rope_theta": 10000.0, "factor": 2.0},
    "yarn": {"rope_type": "yarn", "rope_theta": 10000.0, "factor": 4.0, "original_max_position_embeddings": 12},
    "yarn_theta": {"rope_type": "yarn", "rope_theta": 500000.0, "factor": 2.5, "original_max_position_embeddings": 24},
    "yarn_betas": {"rope_type": "yarn", "rope_theta": 10000.0, "factor": 4.0, "original_max_position_embeddings": 12,
                   "beta_fast": 4.0, "beta_slow": 0.25},
    "yarn_attention_factor": {"rope_type": "yarn", "rope_theta": 10000.0, "factor": 4.0,
                              "original_max_position_embeddings": 12, "attention_factor": 1.3},
    "yarn_mscale": {"rope_type": "yarn", "rope_theta": 10000.0, "factor": 4.0, "original_max_position_embeddings": 12,
                    "mscale": 1.0, "mscale_all_dim": 0.5},
    "yarn_exact": {"rope_type": "yarn", "rope_theta": 10000.0, "factor": 4.0, "original_max_position_embeddings": 12,
                   "beta_fast": 3.0, "beta_slow": 0.3, "truncate": False},
    "llama3": {"rope_type": "llama3", "rope_theta": 10000.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
               "original_max_position_embeddings": 16},
    "longrope": {"rope_type": "longrope", "rope_theta": 10000.0, "short_factor": [1.0, 1.1, 1.2, 1.4, 1.7, 2.0],
                 "long_factor": [1.0, 1.5, 2.0, 3.0, 4.0, 6.0], "factor": 4.0, "original_max_position_embeddings": 12},
}


def config(rope):
    return LlamaConfig(**SIZES, rope_parameters=rope, attn_implementation="eager")


torch.manual_seed(11)
first = LlamaForCausalLM(config(CASES["default"])).eval()
with torch.no_grad():
    for name, p in first.named_parameters():
        if p.dim() == 2:
            p.normal_(0, 0.25)     # large enough that a wrong angle shows
ids = torch.randint(0, SIZES["vocab_size"], (1, LENGTH))
out = {"ids": ids[0]}
for name, rope in CASES.items():
    model = LlamaForCausalLM(config(dict(rope))).eval()
    model.load_state_dict(first.state_dict())
    with torch.no_grad():
        out[name] = model(ids).logits[0].contiguous()
        out[name + ".short"] = model(ids[:, :8]).logits[0].contiguous()
state = {k: v.clone().contiguous() for k, v in first.state_dict().items()}
save_file(state, os.path.join(HERE, "model.safetensors"))
save_file(out, os.path.join(HERE, "logits.safetensors"))
with open(os.path.join(HERE, "cases.json"), "w") as f:
    json.dump({"config": dict(SIZES, model_type="llama", architectures=["LlamaForCausalLM"], rms_norm_eps=1e-6,
                              hidden_act="silu"), "cases": CASES}, f, indent=1)
base = out["default"]
for name in CASES:
    print(name, "differs from default by", float((out[name] - base).abs().max()), "of", float(base.abs().max()))
