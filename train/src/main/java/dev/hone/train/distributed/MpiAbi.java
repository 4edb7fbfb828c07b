package dev.hone.train.distributed;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;

/**
 * What MPI's handles and constants are in a library. There are three kinds: Open MPI's handles are addresses of variables, those
 * of MPICH and its relatives (Intel MPI) are ints, those of MPI 5's standard ABI are small numbers as wide as a pointer.
 *
 * @param name of the kind
 * @param wide whether handles are as wide as a pointer; else ints
 * @param world the communicator of all processes
 * @param bytes the data type of bytes
 * @param returnErrors the handler that makes functions return errors
 * @param serialized the level of threads in which one thread calls at a time
 */
record MpiAbi(String name, boolean wide, long world, long bytes, long returnErrors, int serialized) {
  static final MpiAbi MPICH = new MpiAbi("MPICH", false, 0x44000000L, 0x4c00010dL, 0x54000001L, 2);
  static final MpiAbi STANDARD = new MpiAbi("MPI ABI", true, 0x101, 0x247, 0x143, 2048);
  private static final String OPEN = "Open MPI";

  /** The kind of a library that is loaded, as it says, or by the variables that only one kind has. */
  static MpiAbi of(SymbolLookup library) {
    if (library.find("MPI_Abi_get_version").map(MpiAbi::majorVersion).orElse(0) > 0) {
      return STANDARD;
    }
    if (library.find("ompi_mpi_comm_world").isPresent()) {
      return new MpiAbi(OPEN, true, address(library, "ompi_mpi_comm_world"), address(library, "ompi_mpi_byte"),
          address(library, "ompi_mpi_errors_return"), 2);
    }
    return MPICH;
  }

  /** The major version of the standard ABI that a library has; -1 if it was built for its own. May be asked before MPI begins. */
  @SuppressWarnings("restricted")
  private static int majorVersion(MemorySegment function) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment numbers = arena.allocate(2 * JAVA_INT.byteSize(), JAVA_INT.byteAlignment());
      int code = (int) Linker.nativeLinker().downcallHandle(function, FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS))
          .invokeExact(numbers, numbers.asSlice(JAVA_INT.byteSize()));
      return code == 0 ? numbers.get(JAVA_INT, 0) : 0;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  private static long address(SymbolLookup library, String variable) {
    return library.findOrThrow(variable).address();
  }
}
