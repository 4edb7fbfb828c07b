package dev.hone.train.distributed;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Processes that a real launcher starts. What they compute is tested without one; here bytes go through MPI. */
class MpiRunTest {
  @TempDir
  Path directory;

  private static ProcessBuilder train(Path inputs, Path out, Object... more) {
    List<Object> words = new ArrayList<>(List.of("--data", inputs.resolve("rows.csv"), "--max-steps", 2, "--learning-rate",
        0.01));
    words.addAll(List.of(more));
    return MpiTableTest.train(inputs, out, words.toArray());
  }

  private String run(int code, ProcessBuilder program) throws Exception {
    Path printed = Files.createTempFile(directory, "printed", ".txt");
    Process process = program.redirectErrorStream(true).redirectOutput(printed.toFile()).start();
    int ended = process.waitFor();
    String text = Files.readString(printed);
    assertEquals(code, ended, text);
    return text;
  }

  @Test
  void bothKindsOfMpiCarryARunToTheBitsOfOneProcess() throws Exception {
    for (Launcher launcher : Launcher.values()) {
      launcher.assumeInstalled();
    }
    Path inputs = MpiTableTest.inputs(directory.resolve("inputs"));
    run(0, train(inputs, directory.resolve("alone"), "--step-blocks", 4));
    for (Launcher launcher : Launcher.values()) {
      Path out = directory.resolve(launcher.name());
      String printed = run(0, launcher.start(2, train(inputs, out, "--step-blocks", 4)));
      assertTrue(printed.lines().filter(line -> line.contains("processes by")).count() == 1, printed);
      assertTrue(printed.lines().filter(line -> line.startsWith("step 2/2")).count() == 1, "rank 0 alone speaks: " + printed);
      assertArrayEquals(adapter(directory.resolve("alone")), adapter(out), launcher.name());
    }
  }

  private static byte[] adapter(Path out) throws IOException {
    return Files.readAllBytes(out.resolve("adapter/adapter_model.safetensors"));
  }

  @Test
  void wrongUseIsALineOfRank0() throws Exception {
    Launcher.OPEN_MPI.assumeInstalled();
    Path inputs = MpiTableTest.inputs(directory.resolve("inputs"));
    String printed = run(2, Launcher.OPEN_MPI.start(2, train(inputs, directory.resolve("out"))));
    assertEquals(List.of("error: step_blocks must be at least the number of processes, 2, is 1; --step-blocks 2 has a share for "
        + "each, and the same bits with fewer"), printed.lines().filter(line -> line.startsWith("error")).toList(), printed);
  }

  @Test
  void whatALauncherSaysIsRead() {
    assertNull(MpiLaunch.of(Map.of()));
    assertNull(MpiLaunch.of(Map.of("OMPI_COMM_WORLD_SIZE", "1", "OMPI_COMM_WORLD_RANK", "0")), "one process needs no MPI");
    assertNull(MpiLaunch.of(Map.of("SLURM_PROCID", "1", "SLURM_STEP_NUM_TASKS", "4")), "srun without --mpi");
    assertEquals(3, MpiLaunch.of(Map.of("OMPI_COMM_WORLD_SIZE", "4", "OMPI_COMM_WORLD_RANK", "3")).rank());
    assertEquals("libmpich.so.12", MpiLaunch.of(Map.of("PMI_SIZE", "2", "PMI_RANK", "1")).libraries().getFirst());
    MpiLaunch slurm = MpiLaunch.of(Map.of("PMIX_RANK", "5", "SLURM_PROCID", "5", "SLURM_STEP_NUM_TASKS", "8"));
    assertEquals(5, slurm.rank());
    assertEquals(8, slurm.size());
  }

  @Test
  void aLibraryThatIsNotThereIsNamed() {
    RanksException e = assertThrows(RanksException.class, () -> MpiRanks.connect(Map.of("PMI_SIZE", "2", "PMI_RANK", "1"),
        "/nowhere/libmpi.so", _ -> { }));
    assertEquals("mpiexec of MPICH started 2 processes, and there is no MPI library: looked for /nowhere/libmpi.so; install it, "
        + "or name it with HONE_JAVA_OPTS=-Dhone.mpi.library=FILE", e.getMessage());
  }

  /** The constants of MPICH's headers, and the names of Open MPI's variables, where these are installed. */
  @Test
  @SuppressWarnings("restricted")
  void theKindOfALibraryIsToldByWhatItHas() {
    for (String file : List.of("libmpi.so.40", "libmpich.so.12")) {
      SymbolLookup library;
      try {
        library = SymbolLookup.libraryLookup(file, Arena.global());
      } catch (IllegalArgumentException e) {
        assumeTrue(false, file + " is not installed");
        return;
      }
      MpiAbi abi = MpiAbi.of(library);
      assertEquals(file.contains("mpich") ? "MPICH" : "Open MPI", abi.name());
      assertEquals(file.contains("mpich") ? 0x4c00010dL : library.findOrThrow("ompi_mpi_byte").address(), abi.bytes());
    }
  }

  @Test
  void constantsAreThoseOfTheHeaders() throws IOException {
    Path header = Path.of("/usr/include/x86_64-linux-gnu/mpich/mpi.h");
    assumeTrue(Files.isRegularFile(header), header + " is not installed");
    String text = Files.readString(header);
    for (Map.Entry<String, Long> each : Map.of("MPI_COMM_WORLD", MpiAbi.MPICH.world(), "MPI_BYTE", MpiAbi.MPICH.bytes(),
        "MPI_ERRORS_RETURN", MpiAbi.MPICH.returnErrors()).entrySet()) {
      String pattern = "(?s).*#define " + each.getKey() + "\\s+\\(\\(\\w+\\)\\s*0x0*" + Long.toHexString(each.getValue())
          + "\\).*";
      assertTrue(text.matches(pattern), each.getKey());
    }
  }
}
