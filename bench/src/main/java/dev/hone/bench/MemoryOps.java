package dev.hone.bench;

import dev.hone.bench.OpsReport.Unit;
import dev.hone.bench.OpsReport.Work;
import dev.hone.core.parallel.Workers;
import java.util.Arrays;

/** What memory gives: the yardstick of everything that reads much and computes little. */
final class MemoryOps implements OpsFamily {
  private static final int GRAIN = 1 << 16;

  @Override
  public void run(OpsReport report) {
    read(report, "32 MiB", 1 << 23);
    read(report, "64 MiB", 1 << 24);
    read(report, "1 GiB", 1 << 28);
    copy(report, "512 MiB", 1 << 27);
  }

  private static void read(OpsReport report, String label, int length) {
    report.report("read_sum", label, () -> {
      float[] data = new float[length];
      Arrays.fill(data, 1); // pages that were never written may all be the same one
      float[] sums = new float[length / GRAIN];
      return () -> Workers.ranges(length, GRAIN, (from, to) -> sums[from / GRAIN] = PlainRead.sum(data, from, to));
    }, new Work(Unit.BYTE, 4.0 * length));
  }

  private static void copy(OpsReport report, String label, int length) {
    report.report("copy", label, () -> {
      float[] from = new float[length];
      float[] to = new float[length];
      Arrays.fill(from, 1);
      return () -> Workers.ranges(length, GRAIN, (at, end) -> System.arraycopy(from, at, to, at, end - at));
    }, new Work(Unit.BYTE, 8.0 * length));
  }
}
