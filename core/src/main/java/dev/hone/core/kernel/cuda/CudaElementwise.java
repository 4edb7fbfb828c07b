package dev.hone.core.kernel.cuda;

import dev.hone.core.Activation;
import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.Columns;
import dev.hone.core.kernel.ElementwiseKernels;
import dev.hone.core.kernel.cpu.Broadcast;
import dev.hone.core.kernel.cpu.CpuElementwise;
import dev.hone.core.kernel.cpu.Operands;
import dev.hone.core.kernel.cuda.KernelLauncher.Grid;
import dev.hone.core.random.Philox;
import java.lang.foreign.MemorySegment;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Element-wise operations: a thread for each element. */
final class CudaElementwise extends CudaFamily implements ElementwiseKernels {
  private static final int DRAWN = 4; // elements of a thread that draws random numbers

  CudaElementwise(GpuMemory memory) {
    super("elementwise", memory);
  }

  private void each(String entry, long n, Object... arguments) {
    launch(entry, Grid.threads(n, BLOCK), arguments);
  }

  @Override
  public void unary(Unary function, float p, float q, Tensor x, Tensor y) {
    Operands.same("unary " + function, "x", x, "y", y);
    each("unary", x.size(), function, p, q, x, y, x.size());
  }

  @Override
  public void unaryBackward(Unary function, float p, float q, Tensor x, Tensor dy, boolean accumulate, Tensor dx) {
    Operands.same("unaryBackward " + function, "x", x, "dy", dy);
    Operands.same("unaryBackward " + function, "x", x, "dx", dx);
    each("unary_backward", x.size(), function, p, q, x, dy, accumulate, dx, x.size());
  }

  @Override
  public void activation(Activation activation, Tensor x, Tensor y) {
    Operands.same("activation " + activation, "x", x, "y", y);
    each("activation", x.size(), activation, x, y, x.size());
  }

  @Override
  public void activationBackward(Activation activation, Tensor x, Tensor dy, boolean accumulate, Tensor dx) {
    Operands.same("activationBackward " + activation, "x", x, "dy", dy);
    Operands.same("activationBackward " + activation, "x", x, "dx", dx);
    each("activation_backward", x.size(), activation, x, dy, accumulate, dx, x.size());
  }

  @Override
  public void binary(Binary function, Tensor a, Tensor b, Tensor y) {
    if (a.shape().equals(y.shape()) && b.shape().equals(y.shape())) {
      each("binary", y.size(), function, a, b, y, y.size());
      return;
    }
    Broadcast way = Broadcast.of("binary " + function, a.shape(), b.shape(), y.shape());
    int[] numbers = Stream.of(way.sizes(), way.leftStrides(), way.rightStrides()).flatMapToInt(IntStream::of).toArray();
    try (Room room = ints(numbers)) {
      each("binary_broadcast", y.size(), function, a, b, y, y.size(), way.sizes().length, room);
    }
  }

  @Override
  public void addScaled(float scale, Tensor x, Tensor y) {
    Operands.same("addScaled", "x", x, "y", y);
    each("add_scaled", x.size(), scale, x, y, x.size());
  }

  @Override
  public void scale(Tensor factor, Tensor x, boolean accumulate, Tensor y) {
    Operands.size("scale", "factor", factor, 1, "one for all");
    Operands.same("scale", "x", x, "y", y);
    each("scale", x.size(), factor, x, accumulate, y, x.size());
  }

  @Override
  public void uniform(Philox random, float low, float high, Tensor y) {
    launch("uniform", Grid.threads((y.size() + DRAWN - 1) / DRAWN, BLOCK), random.seed(), random.stream(), low, high, y,
        y.size());
  }

  @Override
  public void where(boolean[] mask, Tensor a, Tensor b, Tensor y) {
    Operands.same("where", "a", a, "b", b);
    Operands.same("where", "a", a, "y", y);
    if (mask.length != y.size()) {
      throw new ShapeException("where: the mask has " + mask.length + " values, y " + y.shape() + " has " + y.size());
    }
    byte[] bytes = new byte[mask.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (mask[i] ? 1 : 0);
    }
    try (Room room = room(bytes.length)) {
      room.buffer().write(0, MemorySegment.ofArray(bytes));
      each("where", y.size(), room, a, b, y, y.size());
    }
  }

  @Override
  public void gated(Activation activation, Columns gate, Columns up, Columns y) {
    CpuElementwise.check("gated", "up", gate, up);
    CpuElementwise.check("gated", "y", gate, y);
    long n = (long) gate.rows() * gate.width();
    each("gated", n, activation, at("gate", gate), gate.stride(), at("up", up), up.stride(), at("y", y), y.stride(), gate.width(),
        n);
  }

  @Override
  public void gatedBackward(Activation activation, Columns gate, Columns up, Columns dy, Columns dGate, Columns dUp) {
    CpuElementwise.check("gatedBackward", "up", gate, up);
    CpuElementwise.check("gatedBackward", "dy", gate, dy);
    CpuElementwise.check("gatedBackward", "dGate", gate, dGate);
    CpuElementwise.check("gatedBackward", "dUp", gate, dUp);
    long n = (long) gate.rows() * gate.width();
    each("gated_backward", n, activation, at("gate", gate), gate.stride(), at("up", up), up.stride(), at("dy", dy), dy.stride(),
        at("dGate", dGate), dGate.stride(), at("dUp", dUp), dUp.stride(), gate.width(), n);
  }

  @Override
  public void dropout(float p, Philox random, Tensor x, boolean accumulate, Tensor y) {
    Operands.same("dropout", "x", x, "y", y);
    if (!(p >= 0 && p < 1)) {
      throw new IllegalArgumentException("dropout: p must be in [0, 1), got " + p);
    }
    launch("dropout", Grid.threads((y.size() + DRAWN - 1) / DRAWN, BLOCK), p, random.seed(), random.stream(), x, accumulate, y,
        y.size());
  }
}
