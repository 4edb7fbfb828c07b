package dev.hone.train.cli;

import dev.hone.core.HoneException;
import dev.hone.train.distributed.Alike;
import dev.hone.train.distributed.MpiRanks;
import dev.hone.train.distributed.Ranks;
import dev.hone.train.distributed.RanksException;
import java.io.IOException;
import java.util.Map;

/**
 * A command in one process, or in one of several that {@code mpirun} started. Rank 0 speaks for all. What is wrong everywhere is
 * said there, and its end takes the others along; they say what is wrong with them only if they are still there then.
 */
final class SharedRun {
  private static final long FIRST_WORD = 3_000; // milliseconds that others leave to rank 0, or to the launcher

  /** What is done. */
  interface Work {
    int run(Ranks ranks) throws IOException;
  }

  private SharedRun() {}

  /** Does it; returns the exit code. */
  static int run(Console console, boolean quiet, Work work) throws IOException {
    if (!MpiRanks.launched()) {
      return work.run(Ranks.alone());
    }
    String who = "";
    try {
      Ranks ranks = MpiRanks.connect(quiet ? _ -> { } : console::note);
      who = ranks instanceof MpiRanks mpi ? "rank " + mpi.rank() + " on " + mpi.host(mpi.rank()) + ": " : "";
      Alike.check(ranks, Map.of("version of Hone", Version.OF_HONE));
      int code = work.run(ranks);
      ranks.close();
      return code;
    } catch (Exception | OutOfMemoryError e) {
      if (MpiRanks.first()) {
        throw e;
      }
      pause();
      if (e instanceof HoneException || e instanceof IllegalArgumentException || e instanceof IOException) {
        throw new RanksException(who + e.getMessage());
      }
      console.note(who + "failed");
      throw e;
    }
  }

  private static void pause() {
    try {
      Thread.sleep(FIRST_WORD);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
