package dev.hone.core.kernel.cuda;

import dev.hone.core.Device;
import dev.hone.core.Tensor;
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
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * Kernels of a GPU for tensors of the CPU: operands go up as the whole arrays that they lie in, results come back. So the
 * tests of
 * the CPU's kernels test those of the GPU, what they touch beside their operands included.
 */
public final class CopiedKernels {
  private final Device device;

  private CopiedKernels(Device device) {
    this.device = device;
  }

  /** Kernels that compute on a device. */
  public static Kernels on(Device device) {
    CopiedKernels copied = new CopiedKernels(device);
    Kernels there = Kernels.of(device);
    return new Kernels(there.name(), there.reason(), copied.family(MatMulKernels.class, there.matmul()),
        copied.family(ElementwiseKernels.class, there.elementwise()), copied.family(ReduceKernels.class, there.reduce()),
        copied.family(NormKernels.class, there.norm()), copied.family(AttentionKernels.class, there.attention()),
        copied.family(LossKernels.class, there.loss()), copied.family(OptimizerKernels.class, there.optimizer()),
        copied.family(GatherKernels.class, there.gather()));
  }

  private <T> T family(Class<T> type, T kernels) {
    return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type},
        (_, method, arguments) -> run(kernels, method, arguments)));
  }

  private Object run(Object kernels, Method method, Object[] arguments) throws Throwable {
    Map<float[], Tensor> copies = new IdentityHashMap<>();
    Object[] moved = new Object[arguments.length];
    for (int i = 0; i < moved.length; i++) {
      moved[i] = moved(arguments[i], copies);
    }
    try {
      Object result = method.invoke(kernels, moved);
      copies.forEach((array, there) -> there.read(0, array.length, array, 0));
      return result;
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  private Object moved(Object argument, Map<float[], Tensor> copies) {
    return switch (argument) {
      case null -> null;
      case Tensor tensor -> tensor(tensor, copies);
      case Tensor[] tensors -> Arrays.stream(tensors).map(tensor -> tensor(tensor, copies)).toArray(Tensor[]::new);
      case List<?> list -> list.stream().map(element -> moved(element, copies)).toList();
      case ElementStep step -> new ElementStep(step.rule(), step.numbers(), tensor(step.parameter(), copies),
          tensor(step.gradient(), copies), step.rows(), Arrays.stream(step.states())
              .map(state -> (Tensor) moved(state, copies)).toArray(Tensor[]::new));
      case Columns columns -> new Columns(tensor(columns.tensor(), copies), columns.from(), columns.width());
      case KeyPages pages -> new KeyPages(tensor(pages.keys(), copies), tensor(pages.values(), copies), pages.pages(),
          pages.size());
      case Epilogue epilogue -> new Epilogue(epilogue.scale(), (Tensor) moved(epilogue.bias(), copies), epilogue.activation(),
          (Tensor) moved(epilogue.preActivation(), copies));
      default -> argument;
    };
  }

  private Tensor tensor(Tensor tensor, Map<float[], Tensor> copies) {
    if (tensor.isReadOnly()) {
      return tensor.to(device);
    }
    Tensor whole = copies.computeIfAbsent(tensor.array(), array -> Tensor.of(array, array.length).to(device));
    return whole.slice(tensor.offset(), tensor.offset() + tensor.shape().length()).reshape(tensor.shape());
  }
}
