package dev.hone.core;

import dev.hone.core.kernel.AttentionKernels;
import dev.hone.core.kernel.Columns;
import dev.hone.core.kernel.ElementStep;
import dev.hone.core.kernel.ElementwiseKernels;
import dev.hone.core.kernel.GatherKernels;
import dev.hone.core.kernel.Kernels;
import dev.hone.core.kernel.KeyPages;
import dev.hone.core.kernel.LossKernels;
import dev.hone.core.kernel.MatMulKernels;
import dev.hone.core.kernel.MatMulKernels.Epilogue;
import dev.hone.core.kernel.NormKernels;
import dev.hone.core.kernel.OptimizerKernels;
import dev.hone.core.kernel.ReduceKernels;
import dev.hone.core.kernel.cpu.CpuKernels;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The kernels of the mirror: every operand is copied to the heap, a scalar kernel computes there, and what it changed goes back.
 * An operand on another device is refused. Tensors in the same memory stay so, whatever part of it they are.
 */
final class MirrorKernels {
  private MirrorKernels() {}

  static Kernels counting(Consumer<String> counter) {
    Kernels scalar = CpuKernels.scalar("on copies");
    return new Kernels("mirror", "for tests",
        family("matmul", MatMulKernels.class, scalar.matmul(), counter),
        family("elementwise", ElementwiseKernels.class, scalar.elementwise(), counter),
        family("reduce", ReduceKernels.class, scalar.reduce(), counter),
        family("norm", NormKernels.class, scalar.norm(), counter),
        family("attention", AttentionKernels.class, scalar.attention(), counter),
        family("loss", LossKernels.class, scalar.loss(), counter),
        family("optimizer", OptimizerKernels.class, scalar.optimizer(), counter),
        family("gather", GatherKernels.class, scalar.gather(), counter));
  }

  private static <T> T family(String name, Class<T> type, T scalar, Consumer<String> counter) {
    return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (_, method, arguments) -> {
      counter.accept(name + "." + method.getName());
      return run(scalar, method, arguments);
    }));
  }

  private static Object run(Object scalar, Method method, Object[] arguments) throws Throwable {
    Staging staging = new Staging(method.getName());
    Object[] staged = new Object[arguments.length];
    for (int i = 0; i < staged.length; i++) {
      staged[i] = staging.of(arguments[i]);
    }
    try {
      Object result = method.invoke(scalar, staged);
      staging.writeBack();
      return result;
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  /** The operands of one call on the heap. */
  private static final class Staging {
    private final String kernel;
    private final Map<MirrorDevice.Buffer, float[][]> copies = new IdentityHashMap<>(); // as they were, and to compute with
    private final Map<MirrorDevice.Buffer, byte[]> bytes = new IdentityHashMap<>();

    Staging(String kernel) {
      this.kernel = kernel;
    }

    Object of(Object argument) {
      return switch (argument) {
        case null -> null;
        case Tensor tensor -> tensor(tensor);
        case Tensor[] tensors -> Arrays.stream(tensors).map(this::tensor).toArray(Tensor[]::new);
        case List<?> list -> list.stream().map(this::of).toList();
        case ElementStep step -> new ElementStep(step.rule(), step.numbers(), tensor(step.parameter()), tensor(step.gradient()),
            step.rows(), Arrays.stream(step.states()).map(state -> state == null ? null : tensor(state)).toArray(Tensor[]::new));
        case Columns columns -> new Columns(tensor(columns.tensor()), columns.from(), columns.width());
        case KeyPages pages -> new KeyPages(tensor(pages.keys()), tensor(pages.values()), pages.pages(), pages.size());
        case Epilogue epilogue -> new Epilogue(epilogue.scale(), epilogue.bias() == null ? null : tensor(epilogue.bias()),
            epilogue.activation(), epilogue.preActivation() == null ? null : tensor(epilogue.preActivation()));
        default -> argument;
      };
    }

    private Tensor tensor(Tensor tensor) {
      if (tensor.device() != MirrorDevice.DEVICE) {
        throw new IllegalStateException("mirror " + kernel + ": operand " + tensor + " is on the device " + tensor.device());
      }
      if (tensor.dtype() == DType.U8) { // codes of an optimiser, which its kernels change
        byte[] whole = bytes.computeIfAbsent((MirrorDevice.Buffer) tensor.buffer(),
            buffer -> buffer.bytes().toArray(ValueLayout.JAVA_BYTE));
        return Tensor.of(MemorySegment.ofArray(whole), DType.U8, tensor.shape());
      }
      if (tensor.isReadOnly()) {
        return tensor.to(Device.CPU);
      }
      float[] array = copies.computeIfAbsent((MirrorDevice.Buffer) tensor.buffer(), Staging::copied)[1];
      int from = tensor.offset();
      return Tensor.of(array, array.length).slice(from, from + tensor.shape().length()).reshape(tensor.shape());
    }

    private static float[][] copied(MirrorDevice.Buffer buffer) {
      float[] values = new float[(int) (buffer.bytes().byteSize() / Float.BYTES)];
      MemorySegment.ofArray(values).copyFrom(buffer.bytes());
      return new float[][] {values, values.clone()};
    }

    /** Only what was changed: others may compute with the same operands meanwhile. */
    void writeBack() {
      bytes.forEach((buffer, codes) -> buffer.bytes().copyFrom(MemorySegment.ofArray(codes)));
      copies.forEach((buffer, versions) -> {
        MemorySegment now = MemorySegment.ofArray(versions[1]);
        if (now.mismatch(MemorySegment.ofArray(versions[0])) >= 0) {
          buffer.bytes().copyFrom(now);
        }
      });
    }
  }
}
