package dev.hone.train.distributed;

import java.util.List;
import java.util.Map;

/**
 * What a launcher says in the environment of the processes that it starts.
 *
 * @param launcher who started this process
 * @param rank of this process
 * @param size how many were started
 * @param libraries that such a launcher's processes use, the likeliest first
 */
record MpiLaunch(String launcher, int rank, int size, List<String> libraries) {
  private static final List<String> OPEN = List.of("libmpi.so.40", "libmpi.so.80", "libmpi.so");
  private static final List<String> MPICH = List.of("libmpich.so.12", "libmpi.so.12", "libmpi_abi.so.1", "libmpi_abi.so",
      "libmpich.so");
  private static final List<String> ANY = List.of("libmpi.so.40", "libmpich.so.12", "libmpi.so.12", "libmpi_abi.so.1",
      "libmpi_abi.so", "libmpi.so");

  /** What started this process, or null if nothing did that starts several. */
  static MpiLaunch of(Map<String, String> environment) {
    MpiLaunch open = read(environment, "mpirun of Open MPI", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", OPEN);
    if (open != null) {
      return open;
    }
    if (environment.containsKey("PMI_SIZE")) {
      return read(environment, "mpiexec of MPICH", "PMI_RANK", "PMI_SIZE", MPICH);
    }
    if (environment.containsKey("PMIX_RANK") || environment.containsKey("PMI_RANK")) {
      return read(environment, "srun", "SLURM_PROCID", "SLURM_STEP_NUM_TASKS", ANY);
    }
    return null;
  }

  private static MpiLaunch read(Map<String, String> environment, String launcher, String rank, String size,
      List<String> libraries) {
    try {
      int count = Integer.parseInt(environment.getOrDefault(size, "1"));
      int own = Integer.parseInt(environment.getOrDefault(rank, "0"));
      return count > 1 && own >= 0 && own < count ? new MpiLaunch(launcher, own, count, libraries) : null;
    } catch (NumberFormatException _) {
      return null;
    }
  }
}
