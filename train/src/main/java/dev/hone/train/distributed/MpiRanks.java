package dev.hone.train.distributed;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * Processes that {@code mpirun}, {@code mpiexec} or {@code srun} started, connected by the MPI library that is installed: Open
 * MPI, MPICH, Intel MPI, or one with the standard ABI. The library is found by its usual names;
 * {@code -Dhone.mpi.library=FILE} names another.
 *
 * <p>Implementation note: messages go from process to process, and nothing is asked of MPI but to carry them. So it is known
 * which process one waits for, and after {@code -Dhone.mpi.timeout} seconds (600) without progress the job ends with its name.
 * All calls are made on one platform thread, which looks after its messages now and then, so that waiting costs no processor.
 */
public final class MpiRanks implements Ranks {
  private static final int LONGEST = 1 << 30; // bytes of a message, whose length is an int
  private static final int TAGS = 1 << 14;
  private static final long SPIN_NANOS = 50_000;
  private static final long PAUSE_NANOS = 50_000;

  private final MpiLibrary library;
  private final int rank;
  private final int size;
  private final ExecutorService thread;
  private final Consumer<String> say;
  private final long timeout; // nanoseconds
  private List<String> hosts = List.of();
  private int tag;
  private volatile Integer aborting; // the exit code, while messages are under way

  private MpiRanks(MpiLibrary library, MpiLaunch launch, ExecutorService thread, Consumer<String> say) {
    this.library = library;
    this.thread = thread;
    this.say = say;
    rank = launch.rank();
    size = launch.size();
    timeout = Long.getLong("hone.mpi.timeout", 600) * 1_000_000_000L;
  }

  /** Whether a launcher started this process as one of several. */
  public static boolean launched() {
    return MpiLaunch.of(System.getenv()) != null;
  }

  /** Whether this is the process that tells the user what all have in common: the first one, or the only one. */
  public static boolean first() {
    MpiLaunch launch = MpiLaunch.of(System.getenv());
    return launch == null || launch.rank() == 0;
  }

  /**
   * Connects to the processes that were started with this one; {@link Ranks#alone()} if there are none.
   *
   * @param say told what the user should know, once
   * @throws RanksException if there is no library, or it does not belong to what started the processes
   */
  public static Ranks connect(Consumer<String> say) {
    return connect(System.getenv(), System.getProperty("hone.mpi.library"), say);
  }

  static Ranks connect(Map<String, String> environment, String named, Consumer<String> say) {
    MpiLaunch launch = MpiLaunch.of(environment);
    if (launch == null) {
      return Ranks.alone();
    }
    List<String> files = named == null ? launch.libraries() : List.of(named);
    ExecutorService thread = Executors.newSingleThreadExecutor(task -> {
      Thread made = new Thread(task, "hone-mpi");
      made.setDaemon(true);
      return made;
    });
    MpiLibrary library = on(thread, () -> MpiLibrary.load(files));
    if (library == null) {
      throw new RanksException(launch.launcher() + " started " + launch.size() + " processes, and there is no MPI library: "
          + "looked for " + String.join(", ", files) + "; install it, or name it with HONE_JAVA_OPTS=-Dhone.mpi.library=FILE");
    }
    int found = on(thread, () -> {
      library.begin();
      return library.size();
    });
    if (found != launch.size()) {
      throw new RanksException(launch.launcher() + " started " + launch.size() + " processes, and to " + library.file() + " ("
          + library.abi().name() + ") there is " + found + ": launcher and library are of different kinds; take the mpirun that "
          + "belongs to the library, or name the library with HONE_JAVA_OPTS=-Dhone.mpi.library=FILE");
    }
    MpiRanks ranks = new MpiRanks(library, launch, thread, say);
    ranks.hosts = ranks.gather(host());
    if (ranks.leads()) {
      say.accept(launch.size() + " processes by " + library.abi().name() + " (" + library.file() + ") on "
          + String.join(", ", ranks.hosts.stream().distinct().toList()));
      ranks.sayProcessors();
    } else {
      ranks.gather(Runtime.getRuntime().availableProcessors());
    }
    return ranks;
  }

  /** A launcher may bind a process to a core, where it then has one thread, without a word. */
  private void sayProcessors() {
    double[] processors = gather(Runtime.getRuntime().availableProcessors());
    for (int r = 0; r < size; r++) {
      if (processors[r] == 1) {
        say.accept("warning: rank " + r + " on " + hosts.get(r) + " may use 1 processor; mpirun --bind-to none, or --map-by "
            + "slot:PE=N, gives it more");
        return;
      }
    }
  }

  private static String host() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException _) {
      return System.getenv().getOrDefault("HOSTNAME", "a host without a name");
    }
  }

  @Override
  public int rank() {
    return rank;
  }

  @Override
  public int size() {
    return size;
  }

  /** The host of a rank. */
  public String host(int of) {
    return hosts.isEmpty() ? "its host" : hosts.get(of);
  }

  @Override
  public void exchange(MemorySegment[] sent, MemorySegment[] received) {
    on(thread, () -> {
      deliver(sent, received);
      return null;
    });
  }

  /** A message on its way. */
  private record Message(int other, boolean out, MemorySegment request) {}

  private void deliver(MemorySegment[] sent, MemorySegment[] received) {
    tag = (tag + 1) % TAGS;
    try (Arena arena = Arena.ofConfined()) {
      List<Message> open = new ArrayList<>();
      for (int step = 1; step < size; step++) { // everybody begins with another one
        int from = (rank + size - step) % size;
        for (MemorySegment part : parts(received[from])) {
          MemorySegment request = arena.allocate(8, 8);
          library.receive(part, from, tag, request);
          open.add(new Message(from, false, request));
        }
      }
      for (int step = 1; step < size; step++) {
        int to = (rank + step) % size;
        for (MemorySegment part : parts(sent[to])) {
          MemorySegment request = arena.allocate(8, 8);
          library.send(part, to, tag, request);
          open.add(new Message(to, true, request));
        }
      }
      await(open, arena.allocate(72, 8));
    }
  }

  private static List<MemorySegment> parts(MemorySegment bytes) {
    List<MemorySegment> parts = new ArrayList<>();
    for (long from = 0; bytes != null && from < bytes.byteSize(); from += LONGEST) {
      parts.add(bytes.asSlice(from, Math.min(LONGEST, bytes.byteSize() - from)));
    }
    return parts;
  }

  private void await(List<Message> open, MemorySegment scratch) {
    long start = System.nanoTime();
    boolean said = false;
    while (!open.isEmpty()) {
      if (aborting != null) {
        library.abort(aborting);
      }
      boolean progress = open.removeIf(message -> library.done(message.request, scratch));
      long now = System.nanoTime();
      if (progress) {
        continue;
      }
      if (now - start > timeout / 10 && !said) {
        said = true;
        say.accept("rank " + rank + " waits for " + missing(open));
      }
      if (now - start > timeout) {
        throw new RanksException("rank " + rank + " on " + host(rank) + " has waited " + timeout / 1_000_000_000L + " s for "
            + missing(open) + "; is it stopped or gone? (-Dhone.mpi.timeout=SECONDS waits longer)");
      }
      if (now - start > SPIN_NANOS) {
        LockSupport.parkNanos(PAUSE_NANOS);
      } else {
        Thread.onSpinWait();
      }
    }
  }

  /** Those whose messages have not come; if all have, those who have not taken theirs. */
  private String missing(List<Message> open) {
    List<Message> in = open.stream().filter(message -> !message.out).toList();
    return String.join(", ", (in.isEmpty() ? open : in).stream().map(Message::other).distinct().sorted()
        .map(other -> "rank " + other + " on " + host(other)).toList());
  }

  @Override
  public void abort(int code) {
    aborting = code;
    on(thread, () -> {
      library.abort(code);
      return null;
    });
  }

  /** Waits for all, and ends MPI in this process. */
  @Override
  public void close() {
    gather(0);
    on(thread, () -> {
      library.end();
      return null;
    });
    thread.shutdown();
  }

  private interface Call<T> {
    T run();
  }

  /** Runs a call on the thread of MPI. */
  private static <T> T on(ExecutorService thread, Call<T> call) {
    return Waiting.of(thread.submit(call::run));
  }
}
