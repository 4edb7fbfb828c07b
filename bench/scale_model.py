"""Where more processes stop to pay: the model of docs/mpi.md on paper, and a simulation of its steps with workers of uneven speed.

    python bench/scale_model.py [TOKENS_PER_SECOND [TOKENS_PER_PROCESS]]        # of one process, 1000; of a step, 2048; a second

On paper a step takes c + t at most, t = 2 (P-1)/P G 8/B + m: c seconds of computing, G bytes of gradients over links of B bits a second,
m seconds for messages, 2 (P-1) a bucket of 25 MB at 20 microseconds each. Traffic goes on beside the pass back, half of computing with a
block a process, but for what is whole only at its end: an eighth with LoRA, the table of embeddings with full (half of 22 million
weights, a fifth of a billion); that of local steps waits. Simulated, every worker's step takes c times
a number of its own (1 + an exponential of mean 0.05) and all wait for the slowest; with H local steps they wait once in H.
"""
import math
import random
import sys

tokens_per_second = float(sys.argv[1]) if len(sys.argv) > 1 else 1000.0
tokens = float(sys.argv[2]) if len(sys.argv) > 2 else 2048.0
MESSAGE = 20e-6
BUCKET = 25 * 2**20
JITTER = 0.05


def traffic(workers, size, bits):
    if workers == 1:
        return 0.0
    return 2 * (workers - 1) / workers * size * 8 / bits + 2 * (workers - 1) * math.ceil(size / BUCKET) * MESSAGE


def waiting(workers, size, bits, late, local):
    """Seconds of traffic that nothing is computed beside."""
    t = traffic(workers, size, bits)
    return t if local > 1 else max(late * t, t - tokens / tokens_per_second / 2)


def paper(workers, size, bits, late, local=1):
    compute = tokens / tokens_per_second
    return compute / (compute + waiting(workers, size, bits, late, local) / local)


def simulated(workers, size, bits, late, local=1, rounds=20):
    draw = random.Random(7)
    compute = tokens / tokens_per_second
    spent = 0.0
    for _ in range(rounds):
        slowest = max(local + draw.gammavariate(local, JITTER) for _ in range(workers))  # of as many steps
        spent += slowest * compute + waiting(workers, size, bits, late, local)
    return compute * (1 + JITTER) * local * rounds / spent


print(f"{tokens_per_second:.0f} tokens a second and process, {tokens:.0f} tokens a step and process: share of the time that is")
print("computing, on paper / simulated, and the most processes of 8 to 1,024 for which it is half or more on paper")
print(f"{'gradients':24} {'Gbit/s':>6} {'H':>3} " + " ".join(f"{p:>11}" for p in (8, 32, 128, 1024)) + "   half until")
for name, size, late in (("LoRA, 10 MB", 10e6, 1 / 8), ("LoRA of 7e9, 160 MB", 160e6, 1 / 8), ("full, 90 MB", 90e6, 1 / 2),
        ("full, 1e9, 4 GB", 4e9, 1 / 5)):
    for gigabits in (1, 10, 100):
        for local in (1, 50):
            cells = [f"{paper(p, size, gigabits * 1e9, late, local):.2f} / {simulated(p, size, gigabits * 1e9, late, local):.2f}"
                for p in (8, 32, 128, 1024)]
            most = max((2**k for k in range(3, 11) if paper(2**k, size, gigabits * 1e9, late, local) >= 0.5), default=None)
            print(f"{name:24} {gigabits:6} {local:3} " + " ".join(f"{cell:>11}" for cell in cells) + f"   {most or 'never'}")
