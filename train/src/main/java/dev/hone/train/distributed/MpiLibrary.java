package dev.hone.train.distributed;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.List;
import java.util.Map;

/**
 * The functions of an MPI library that are used here, the few that move bytes from one process to another. Handles are longs,
 * whatever the library takes.
 */
@SuppressWarnings("restricted") // functions of a library that the user installed
final class MpiLibrary {
  private static final Linker LINKER = Linker.nativeLinker();
  /** Libraries below MPI take signals that the JVM lives by, or watch its memory, unless these say no. */
  private static final Map<String, String> ENVIRONMENT = Map.of("UCX_ERROR_SIGNALS", "SIGILL,SIGBUS,SIGFPE",
      "UCX_MEMTYPE_CACHE", "no", "UCX_MEM_EVENTS", "n", "IPATH_NO_BACKTRACE", "1", "HFI_NO_BACKTRACE", "1");

  private final SymbolLookup symbols;
  private final String file;
  private final MpiAbi abi;
  private final MethodHandle initThread;
  private final MethodHandle setErrorHandler;
  private final MethodHandle rank;
  private final MethodHandle size;
  private final MethodHandle send;
  private final MethodHandle receive;
  private final MethodHandle test;
  private final MethodHandle abort;
  private final MethodHandle end;

  private MpiLibrary(SymbolLookup symbols, String file) {
    this.symbols = symbols;
    this.file = file;
    abi = MpiAbi.of(symbols);
    MemoryLayout handle = abi.wide() ? JAVA_LONG : JAVA_INT; // a pointer goes where a long goes
    initThread = function("MPI_Init_thread", ADDRESS, ADDRESS, JAVA_INT, ADDRESS);
    setErrorHandler = function("MPI_Comm_set_errhandler", handle, handle);
    rank = function("MPI_Comm_rank", handle, ADDRESS);
    size = function("MPI_Comm_size", handle, ADDRESS);
    send = function("MPI_Isend", ADDRESS, JAVA_INT, handle, JAVA_INT, JAVA_INT, handle, ADDRESS);
    receive = function("MPI_Irecv", ADDRESS, JAVA_INT, handle, JAVA_INT, JAVA_INT, handle, ADDRESS);
    test = function("MPI_Test", ADDRESS, ADDRESS, ADDRESS);
    abort = function("MPI_Abort", handle, JAVA_INT);
    end = function("MPI_Finalize");
  }

  /** Loads the first of these files that is there. */
  static MpiLibrary load(List<String> files) {
    for (String file : files) {
      SymbolLookup symbols;
      try {
        setEnvironment();
        symbols = SymbolLookup.libraryLookup(file, Arena.global());
      } catch (IllegalArgumentException _) {
        continue; // not here
      }
      if (symbols.find("MPI_Init_thread").isPresent()) {
        return new MpiLibrary(symbols, file);
      }
    }
    return null;
  }

  /** Java cannot change its own environment, which libraries read when they begin. */
  private static void setEnvironment() {
    MethodHandle setenv = LINKER.defaultLookup().find("setenv")
        .map(found -> LINKER.downcallHandle(found, FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_INT))).orElse(null);
    if (setenv == null) {
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      for (Map.Entry<String, String> entry : ENVIRONMENT.entrySet()) {
        int _ = (int) setenv.invokeExact(arena.allocateFrom(entry.getKey()), arena.allocateFrom(entry.getValue()), 0);
      }
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /** A function with longs for all handles. */
  private MethodHandle function(String name, MemoryLayout... arguments) {
    MethodHandle found = LINKER.downcallHandle(symbols.findOrThrow(name), FunctionDescriptor.of(JAVA_INT, arguments));
    if (abi.wide()) {
      return found;
    }
    MethodType type = found.type();
    for (int i = 0; i < arguments.length; i++) {
      boolean handle = switch (name) {
        case "MPI_Isend", "MPI_Irecv" -> i == 2 || i == 5;
        case "MPI_Comm_set_errhandler" -> true;
        case "MPI_Comm_rank", "MPI_Comm_size", "MPI_Abort" -> i == 0;
        default -> false;
      };
      type = handle ? type.changeParameterType(i, long.class) : type;
    }
    return MethodHandles.explicitCastArguments(found, type);
  }

  String file() {
    return file;
  }

  MpiAbi abi() {
    return abi;
  }

  void begin() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment provided = arena.allocate(JAVA_INT);
      check("MPI_Init_thread", (int) initThread.invokeExact(MemorySegment.NULL, MemorySegment.NULL, abi.serialized(), provided));
      check("MPI_Comm_set_errhandler", (int) setErrorHandler.invokeExact(abi.world(), abi.returnErrors()));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  int rank() {
    return number("MPI_Comm_rank", rank);
  }

  int size() {
    return number("MPI_Comm_size", size);
  }

  private int number(String name, MethodHandle function) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment number = arena.allocate(JAVA_INT);
      check(name, (int) function.invokeExact(abi.world(), number));
      return number.get(JAVA_INT, 0);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** Begins to send; {@code request} gets 8 bytes. */
  void send(MemorySegment bytes, int to, int tag, MemorySegment request) {
    try {
      check("MPI_Isend", (int) send.invokeExact(bytes, Math.toIntExact(bytes.byteSize()), abi.bytes(), to, tag, abi.world(),
          request));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** Begins to receive. */
  void receive(MemorySegment bytes, int from, int tag, MemorySegment request) {
    try {
      check("MPI_Irecv", (int) receive.invokeExact(bytes, Math.toIntExact(bytes.byteSize()), abi.bytes(), from, tag, abi.world(),
          request));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /**
   * Whether what was begun is done.
   *
   * @param scratch 8 bytes for the answer and 64 for MPI's status
   */
  boolean done(MemorySegment request, MemorySegment scratch) {
    try {
      check("MPI_Test", (int) test.invokeExact(request, scratch.asSlice(0, 8), scratch.asSlice(8)));
      return scratch.get(JAVA_INT, 0) != 0;
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  void abort(int code) {
    try {
      int _ = (int) abort.invokeExact(abi.world(), code);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  void end() {
    try {
      check("MPI_Finalize", (int) end.invokeExact());
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  private static void check(String function, int code) {
    if (code != 0) {
      throw new RanksException(function + " failed with code " + code);
    }
  }

  private static RuntimeException unexpected(Throwable e) {
    if (e instanceof Error error) {
      throw error;
    }
    return e instanceof RuntimeException known ? known : new IllegalStateException(e);
  }
}
