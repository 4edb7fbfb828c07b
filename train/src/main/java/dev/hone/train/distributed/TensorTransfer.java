package dev.hone.train.distributed;

import dev.hone.core.DType;
import dev.hone.core.Device;
import dev.hone.core.HostArray;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Tensors that one process has and rank 0 is to have. */
final class TensorTransfer {
  private TensorTransfer() {}

  /** Says what a tensor is. */
  static void describe(Tensor tensor, ObjectNode entry) {
    entry.put("dtype", tensor.dtype().name());
    Arrays.stream(tensor.shape().toArray()).forEach(entry.putArray("shape")::add);
  }

  /**
   * Takes a tensor to rank 0; all call it.
   *
   * @param owner who has it
   * @param own its tensors, by name; not looked at elsewhere
   * @param entry what the owner said of it
   * @return in rank 0 the tensor, elsewhere null
   */
  static Tensor toFirst(Ranks ranks, int owner, Map<String, Tensor> own, String name, JsonNode entry) {
    if (owner == 0) {
      return ranks.leads() ? own.get(name) : null;
    }
    DType dtype = DType.valueOf(entry.path("dtype").asString());
    Shape shape = Shape.of(entry.path("shape").valueStream().mapToInt(JsonNode::asInt).toArray());
    long bytes = shape.size() * dtype.bytes();
    MemorySegment memory = Arena.ofAuto().allocate(Math.max(1, bytes), 64).asSlice(0, bytes);
    MemorySegment[] sent = new MemorySegment[ranks.size()];
    MemorySegment[] received = new MemorySegment[ranks.size()];
    if (ranks.rank() == owner) {
      if (dtype.isFloat()) {
        try (HostArray numbers = own.get(name).onHost(HostArray.Access.READ)) {
          MemorySegment.copy(numbers.array(), numbers.offset(), memory, ValueLayout.JAVA_FLOAT, 0, numbers.length());
        }
      } else {
        memory.copyFrom(own.get(name).to(Device.CPU).segment());
      }
      sent[0] = memory;
    } else if (ranks.leads()) {
      received[owner] = memory;
    }
    ranks.exchange(sent, received);
    return ranks.leads() ? Tensor.of(memory, dtype, shape) : null;
  }
}
