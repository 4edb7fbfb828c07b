package dev.hone.train.distributed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.train.TinyModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What cannot work is one line of rank 0, and exit code 2. */
@Tag("long")
class MpiWrongUseTest {
  @TempDir
  Path directory;

  private Path inputs;

  @BeforeEach
  void prepare() throws IOException {
    for (Launcher launcher : Launcher.values()) {
      launcher.assumeInstalled();
    }
    inputs = MpiTableTest.inputs(directory.resolve("inputs"));
    Files.writeString(inputs.resolve("rows-0.csv"), TinyModel.reviews(40));
    Files.writeString(inputs.resolve("rows-1.csv"), TinyModel.reviews(41));
    Files.writeString(inputs.resolve("few.csv"), TinyModel.reviews(2));
  }

  private ProcessBuilder train(String rows, int blocks, String... options) {
    List<Object> words = new ArrayList<>(List.of("--max-steps", 1, "--val-size", 0, "--step-blocks", blocks));
    if (rows != null) {
      words.addAll(List.of("--data", inputs.resolve(rows)));
    }
    ProcessBuilder hone = MpiTableTest.train(inputs, directory.resolve("out"), words.toArray());
    hone.command().addAll(hone.command().indexOf("-Xmx512m"), List.of(options));
    return hone;
  }

  /** MPICH's launcher ends with the code of those that it killed then. */
  private void refused(String line, ProcessBuilder program) throws Exception {
    Path printed = directory.resolve("printed.txt");
    int code = program.redirectErrorStream(true).redirectOutput(printed.toFile()).start().waitFor();
    String text = Files.readString(printed);
    List<String> errors = text.lines().filter(each -> each.startsWith("error: ")).toList();
    assertEquals(1, errors.size(), text);
    assertTrue(errors.getFirst().matches("error: " + line), text);
    assertTrue(code == 2 || code == 9 && program.command().getFirst().equals("mpiexec.mpich"), code + ": " + text);
    assertTrue(!Files.exists(directory.resolve("out")), text);
  }

  @Test
  void noLibrary() throws Exception {
    refused("mpirun of Open MPI started 2 processes, and there is no MPI library: looked for /nowhere/libmpi\\.so; install it, "
        + "or name it with HONE_JAVA_OPTS=-Dhone\\.mpi\\.library=FILE",
        Launcher.OPEN_MPI.start(2, train("rows.csv", 2, "-Dhone.mpi.library=/nowhere/libmpi.so")));
  }

  @Test
  void aLibraryOfAnotherKind() throws Exception {
    refused("mpirun of Open MPI started 2 processes, and to libmpich\\.so\\.12 \\(MPICH\\) there is 1: launcher and library are "
        + "of different kinds; take the mpirun that belongs to the library, or name the library with .*",
        Launcher.OPEN_MPI.start(2, train("rows.csv", 2, "-Dhone.mpi.library=libmpich.so.12")));
  }

  @Test
  void rowsThatDiffer() throws Exception {
    refused("the processes of this run differ in their rows: rank 0 on \\S+ has 40 rows with the hash \\w+, rank 1 on \\S+ has "
        + "41 rows with the hash \\w+", Launcher.OPEN_MPI.start(2, train(null, 2), "--data " + inputs + "/rows-#.csv"));
  }

  @Test
  void settingsThatDiffer() throws Exception {
    refused("the processes of this run differ in their settings: rank 0 .* seed=0.*",
        Launcher.MPICH.start(2, train("rows.csv", 2), "--seed #"));
  }

  @Test
  void fewerRowsThanProcesses() throws Exception {
    refused("there are 3 processes for 2 rows; start fewer", Launcher.OPEN_MPI.start(3, train("few.csv", 4)));
  }

  @Test
  void moreProcessesThanBlocks() throws Exception {
    refused("step_blocks must be at least the number of processes, 3, is 2; --step-blocks 4 has a share for each, and the same "
        + "bits with fewer", Launcher.MPICH.start(3, train("rows.csv", 2)));
  }
}
