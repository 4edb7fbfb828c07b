package dev.hone.train.distributed;

import dev.hone.autograd.Parameter;
import dev.hone.core.HostArray;
import dev.hone.core.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;

/** Whether processes that share a run have the same in everything that its bits depend on. */
public final class Alike {
  private static final int CHUNK = 1 << 16;

  private Alike() {}

  /**
   * Compares facts.
   *
   * @param facts by name, in the same order everywhere; of any length, but of one line
   * @throws RanksException in all processes, if one has another than rank 0: it names the first such fact
   */
  public static void check(Ranks ranks, Map<String, String> facts) {
    List<String> hosts = ranks.gather(host(ranks));
    facts.forEach((name, own) -> {
      List<String> all = ranks.gather(own);
      for (int r = 1; r < all.size(); r++) {
        if (!all.get(r).equals(all.getFirst())) {
          throw new RanksException("the processes of this run differ in their " + name + ": rank 0 on " + hosts.getFirst()
              + " has " + all.getFirst() + ", rank " + r + " on " + hosts.get(r) + " has " + all.get(r));
        }
      }
    });
  }

  private static String host(Ranks ranks) {
    return ranks instanceof MpiRanks mpi ? mpi.host(ranks.rank()) : "this host";
  }

  /** A checksum of the values of parameters and their names. */
  public static String checksum(Collection<Parameter> parameters) {
    CRC32C sum = new CRC32C();
    for (Parameter parameter : parameters) {
      sum.update((parameter.name() + parameter.shape()).getBytes(StandardCharsets.UTF_8));
      update(sum, parameter.value());
    }
    return Long.toHexString(sum.getValue());
  }

  private static void update(CRC32C sum, Tensor tensor) {
    if (tensor.isReadOnly() || !tensor.dtype().isFloat()) {
      long bytes = tensor.segment().byteSize();
      for (long from = 0; from < bytes; from += 1 << 30) {
        sum.update(tensor.segment().asSlice(from, Math.min(1 << 30, bytes - from)).asByteBuffer());
      }
      return;
    }
    ByteBuffer buffer = ByteBuffer.allocate(CHUNK * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    int length = tensor.shape().length();
    try (HostArray numbers = tensor.onHost(HostArray.Access.READ)) {
      for (int from = 0; from < length; from += CHUNK) {
        int n = Math.min(CHUNK, length - from);
        buffer.clear();
        buffer.asFloatBuffer().put(numbers.array(), numbers.offset() + from, n);
        sum.update(buffer.limit(n * Float.BYTES));
      }
    }
  }
}
