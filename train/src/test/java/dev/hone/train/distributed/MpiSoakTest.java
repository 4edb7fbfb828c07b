package dev.hone.train.distributed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.train.fixture.ChildJvm;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** 2,000 steps on two processes, and a hundred thousand collections of garbage beside them. */
class MpiSoakTest {
  private static final int STEPS = Integer.getInteger("hone.mpi.steps", 2000);
  private static final long COLLECTIONS = Long.getLong("hone.mpi.collections", 100_000);

  @TempDir
  Path directory;

  @ParameterizedTest
  @EnumSource
  @Tag("long")
  void memoryAndHandlesStay(Launcher launcher) throws Exception {
    launcher.assumeInstalled();
    Path inputs = MpiTableTest.inputs(directory.resolve("inputs"));
    Path printed = directory.resolve("printed.txt");
    Process run = launcher.start(2, ChildJvm.java(List.of("-Xms64m", "-Xmx64m", "-Xmn1m", "-XX:+AlwaysPreTouch",
        "-XX:+UseSerialGC", "-Dhone.threads=1", "-Dhone.backend=scalar", MpiSoak.class.getName(), inputs.toString(),
        directory.resolve("out").toString(), Integer.toString(STEPS), Long.toString(COLLECTIONS)))).redirectErrorStream(true)
        .redirectOutput(printed.toFile()).start();
    String text = run.waitFor() == 0 ? Files.readString(printed) : "failed: " + Files.readString(printed);
    for (int rank = 0; rank < 2; rank++) {
      String who = rank + " ";
      List<long[]> seen = text.lines().filter(line -> line.startsWith(who))
          .map(line -> Arrays.stream(line.split(" ")).mapToLong(Long::parseLong).toArray()).toList();
      assertEquals(11, seen.size(), text);
      long[] early = seen.get(2); // code is compiled by then, for the most part
      long[] last = seen.getLast();
      assertTrue(last[4] >= COLLECTIONS, text);
      assertTrue(last[3] <= early[3], "handles of rank " + rank + ": " + text);
      assertTrue(last[2] <= early[2] + (12 << 20), "memory of rank " + rank + ": " + text);
      System.out.printf("%s rank %d: %.1f MB and %d handles after %d steps, %.1f MB and %d after %d, %d collections%n", launcher,
          rank, early[2] / 1e6, early[3], early[1], last[2] / 1e6, last[3], last[1], last[4]);
    }
  }
}
