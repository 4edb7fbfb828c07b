package dev.hone.bench;

import dev.hone.bench.OpsReport.Unit;
import dev.hone.bench.OpsReport.Work;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.Kernels;
import java.util.ArrayList;
import java.util.List;

/** AdamW and the gradient norm. Clipping itself is a factor that AdamW takes: no second pass scales the gradients. */
final class OptimizerOps implements OpsFamily {
  private static final Kernels KERNELS = Kernels.active();
  private static final double BYTES = 28; // read p, g, m, v; write p, m, v

  @Override
  public void run(OpsReport report) {
    adamW(report, "10M", List.of(Shape.of(10_000_000)));
    adamW(report, "124M in 148 tensors", gpt2());
    double size = size(gpt2());
    report.report("clip_grad_norm", "124M in 148 tensors", () -> {
      List<Tensor> gradients = gpt2().stream().map(shape -> Tensor.full(0.5f, shape.toArray())).toList();
      double[] norm = new double[1];
      return () -> {
        double sum = 0;
        for (Tensor gradient : gradients) {
          sum += KERNELS.reduce().sumOfSquares(gradient);
        }
        norm[0] = Math.sqrt(sum);
      };
    }, new Work(Unit.ELEMENT, size));
  }

  private static void adamW(OpsReport report, String label, List<Shape> shapes) {
    double size = size(shapes);
    report.report("adamw_fused", label, () -> {
      List<Tensor> p = shapes.stream().map(shape -> Tensor.full(1, shape.toArray())).toList();
      List<Tensor> g = shapes.stream().map(shape -> Tensor.full(0.5f, shape.toArray())).toList();
      List<Tensor> m = shapes.stream().map(Tensor::zeros).toList();
      List<Tensor> v = shapes.stream().map(Tensor::zeros).toList();
      int[] step = {0};
      return () -> {
        step[0]++;
        for (int i = 0; i < p.size(); i++) {
          KERNELS.optimizer().adamW(p.get(i), g.get(i), null, m.get(i), v.get(i), step[0], 1e-5, 0.9, 0.999, 1e-8, 0.01, 1);
        }
      };
    }, new Work(Unit.ELEMENT, size), new Work(Unit.BYTE, BYTES * size));
  }

  private static double size(List<Shape> shapes) {
    return shapes.stream().mapToDouble(Shape::size).sum();
  }

  private static List<Shape> gpt2() {
    List<Shape> shapes = new ArrayList<>(List.of(Shape.of(50257, 768), Shape.of(1024, 768), Shape.of(768), Shape.of(768)));
    for (int layer = 0; layer < 12; layer++) {
      shapes.addAll(List.of(Shape.of(768), Shape.of(768), Shape.of(768, 2304), Shape.of(2304), Shape.of(768, 768),
          Shape.of(768), Shape.of(768), Shape.of(768), Shape.of(768, 3072), Shape.of(3072), Shape.of(3072, 768),
          Shape.of(768)));
    }
    return shapes;
  }
}
