package dev.hone.train.distributed;

import dev.hone.autograd.Parameter;
import dev.hone.core.io.TensorBytes;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;

/** Whether processes that share a run have the same in everything that its bits depend on. */
public final class Alike {
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
      TensorBytes.each(parameter.value(), sum::update);
    }
    return Long.toHexString(sum.getValue());
  }
}
