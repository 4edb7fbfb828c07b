package dev.hone.train.distributed;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** What starts the processes of an MPI that is installed. */
enum Launcher {
  OPEN_MPI("mpirun.openmpi", "OMPI_COMM_WORLD_RANK=", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none"),
  MPICH("mpiexec.mpich", "PMI_RANK=");

  private final String program;
  private final String rank; // variable of the environment
  private final List<String> options;

  Launcher(String program, String rank, String... options) {
    this.program = program;
    this.rank = rank;
    this.options = List.of(options);
  }

  void assumeInstalled() {
    boolean found = Stream.of(System.getenv("PATH").split(":")).anyMatch(path -> Files.isExecutable(Path.of(path, program)));
    assumeTrue(found, program + " is not installed");
  }

  /** The program started in so many processes. */
  ProcessBuilder start(int ranks, ProcessBuilder java) {
    List<String> command = new ArrayList<>(List.of(program));
    command.addAll(options);
    command.addAll(List.of("-n", Integer.toString(ranks)));
    command.addAll(java.command());
    command.add(command.indexOf("--add-modules"), "--enable-native-access=ALL-UNNAMED");
    return java.command(command);
  }

  /** The program started in so many processes, each with words of its own, in which {@code #} is its rank. */
  ProcessBuilder start(int ranks, ProcessBuilder java, String words) {
    String executable = java.command().getFirst();
    ProcessBuilder program = start(ranks, java);
    String own = words.replace("#", "$" + rank.replace("=", ""));
    program.command().addAll(program.command().indexOf(executable),
        List.of("sh", "-c", "exec \"$@\" " + own, "sh"));
    return program;
  }

  /** The process of a rank; null if it is not there. */
  ProcessHandle process(Process launcher, int number) {
    return launcher.descendants().filter(each -> {
      try {
        String environment = new String(Files.readAllBytes(Path.of("/proc/" + each.pid() + "/environ")), StandardCharsets.UTF_8);
        String command = Files.readString(Path.of("/proc/" + each.pid() + "/cmdline"), StandardCharsets.ISO_8859_1);
        return command.contains("jdk.incubator.vector") && !command.startsWith("mpi") && !command.startsWith("hydra")
            && List.of(environment.split("\0")).contains(rank + number);
      } catch (IOException e) {
        return false; // it has ended
      }
    }).findFirst().orElse(null);
  }
}
