# usage: make_python.py; writes python.safetensors beside itself, with the Python library, for SafetensorsWriterTest.
import pathlib
import torch
from safetensors.torch import save_file

edges = [0.0, -0.0, 1.0, -2.5, 1 / 3, 65504.0, 1e-7, 1.00390625, 1.01171875, float('inf')]
save_file({
    'w.f32': torch.tensor(edges[:6]).reshape(2, 3),
    'w.f64': torch.tensor(0.1, dtype=torch.float64),
    'w.f16': torch.tensor(edges, dtype=torch.float32).to(torch.float16),
    'w.bf16': torch.tensor(edges, dtype=torch.float32).to(torch.bfloat16),
    'i64': torch.tensor([2**62, -1]),
    'i32': torch.tensor([[2**31 - 1], [-7]], dtype=torch.int32),
    'i16': torch.tensor([-32768, 5, 6], dtype=torch.int16),
    'i8': torch.tensor([-128, 127, 0], dtype=torch.int8),
    'u8': torch.tensor([255, 1], dtype=torch.uint8),
    'flag': torch.tensor([True, False, True]),
    'empty': torch.zeros(0, 3),
    'na"me\\/\n\u0001\u001f\u00e9': torch.zeros(1),
    '\ufffd': torch.ones(1),
    '\U0001f600': torch.full((1,), 2.0),
}, pathlib.Path(__file__).with_name('python.safetensors'), {'format': 'pt'})
