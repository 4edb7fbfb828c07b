"""Operators of OpsBench that bench_ops.py does not measure, as PyTorch computes them on the CPU; the same JSON lines.

    python reference_ops.py --threads 2 [--only REGEX] [--seconds 1.0]

other_cpu is the CPU time of other processes meanwhile, in cores: where it is above 0.1 the line says little.
"""
import argparse, json, os, re, statistics, time

parser = argparse.ArgumentParser()
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--only", default="")
parser.add_argument("--seconds", type=float, default=1.0)
args = parser.parse_args()
os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = str(args.threads)
if args.threads > 1:
    os.environ.setdefault("OMP_PROC_BIND", "true")

import torch
import torch.nn.functional as F

torch.set_num_threads(args.threads)
torch.manual_seed(1)


def other_cpu():
    ticks = list(map(int, open("/proc/stat").readline().split()[1:]))
    return (sum(ticks[:3]) + sum(ticks[5:8])) / os.sysconf("SC_CLK_TCK") - time.process_time()


def report(name, shape, make, **work):
    if not re.search(args.only, f"{name} {shape}"):
        return
    body = make()
    end = time.perf_counter() + 0.3
    body()
    while time.perf_counter() < end:
        body()
    times, other, start = [], other_cpu(), time.perf_counter()
    while len(times) < 5 or time.perf_counter() - start < args.seconds:
        t = time.perf_counter()
        body()
        times.append(time.perf_counter() - t)
    other = max(0.0, (other_cpu() - other) / (time.perf_counter() - start))
    rates = {unit: round(amount / min(times) / 1e9, 3) for unit, amount in work.items()}
    print(json.dumps({"name": name, "shape": shape, "threads": args.threads, "best_ms": round(min(times) * 1e3, 4),
                      "median_ms": round(statistics.median(times) * 1e3, 4), **rates, "reps": len(times),
                      "other_cpu": round(other, 2)}), flush=True)


def product(kind, m, k, n):
    a = torch.randn(k, m).t() if kind[0] == "T" else torch.randn(m, k)
    b = torch.randn(n, k).t() if kind[1] == "T" else torch.randn(k, n)
    c = torch.empty(m, n)
    return lambda: torch.mm(a, b, out=c)


for m, k, n in [(200, 384, 384), (200, 384, 1536), (200, 1536, 384), (1024, 384, 384), (1024, 384, 1536)]:
    for kind in ("NN", "NT", "TN"):
        report("sgemm_small_" + kind, f"{m}x{k}x{n}", lambda: product(kind, m, k, n), gflops=2 * m * k * n)
for r in (4, 8, 16, 32, 64):
    for name, kind, m, k, n in [("down", "NT", 1024, 768, r), ("up", "NT", 1024, r, 768),
                                ("grad_hidden", "NN", 1024, 768, r), ("grad_input", "NN", 1024, r, 768),
                                ("grad_a", "TN", r, 1024, 768), ("grad_b", "TN", 768, 1024, r)]:
        report("lora_" + name, f"{m}x{k}x{n}", lambda: product(kind, m, k, n), gflops=2 * m * k * n)


def decode(dtype, kind, m, k, n):
    x = torch.randn(m, k, dtype=dtype)
    w = torch.randn(n, k, dtype=dtype).t() if kind == "NT" else torch.randn(k, n, dtype=dtype)
    y = torch.empty(m, n, dtype=dtype)
    return lambda: torch.mm(x, w, out=y)


for m in (1, 2, 4, 8, 16):
    for label, dtype in (("F32", torch.float32), ("BF16", torch.bfloat16), ("F16", torch.float16)):
        for kind in ("NT", "NN"):
            report(f"decode_{label}_{kind}", f"{m}x2048x8192", lambda: decode(dtype, kind, m, 2048, 8192),
                   gflops=2 * m * 2048 * 8192, gbytes=2048 * 8192 * dtype.itemsize)


def batched():
    a, b, c = torch.randn(48, 128, 64), torch.randn(48, 128, 64), torch.empty(48, 128, 128)
    return lambda: torch.bmm(a, b.transpose(1, 2), out=c)


report("batched_NT", "48x128x64x128", batched, gflops=2 * 48 * 128 * 64 * 128)


def attention(lengths, t, h, d, backward):
    """Padded to t; a mask hides the padding where there is any."""
    b = len(lengths)
    q, k, v = (torch.randn(b, h, t, d).requires_grad_(backward) for _ in range(3))
    keep = torch.arange(t)[None, :] < torch.tensor(lengths)[:, None]
    mask = None if keep.all() else keep[:, None, None, :].expand(b, 1, t, t)
    up = torch.randn(b, h, t, d)

    def forward():
        with torch.no_grad():
            F.scaled_dot_product_attention(q, k, v, attn_mask=mask)

    def both():
        q.grad = k.grad = v.grad = None
        F.scaled_dot_product_attention(q, k, v, attn_mask=mask).backward(up)

    return both if backward else forward


for name, lengths, t, h, d in [("sdpa_full", [128] * 16, 128, 12, 64),
                               ("sdpa_sentences", [10 + 7 * i % 31 for i in range(32)], 40, 12, 32)]:
    flop = 4 * len(lengths) * h * t * t * d
    report(name + "_fwd", str([len(lengths), h, t, d]), lambda: attention(lengths, t, h, d, False), gflops=flop)
    report(name + "_fwd_bwd", str([len(lengths), h, t, d]), lambda: attention(lengths, t, h, d, True),
           gflops=int(3.5 * flop))


def head(trained, rows, c, v):
    hidden = torch.randn(rows, c).requires_grad_()
    weight = torch.randn(v, c).requires_grad_(trained)
    labels = torch.randint(0, v, (rows,))

    def run():
        hidden.grad = weight.grad = None
        F.cross_entropy(F.linear(hidden, weight), labels).backward()

    return run


for trained in (False, True):
    report("lm_head_loss_" + ("trained" if trained else "frozen"), "512x768x50257",
           lambda: head(trained, 512, 768, 50257), gflops=(6 if trained else 4) * 512 * 768 * 50257)
