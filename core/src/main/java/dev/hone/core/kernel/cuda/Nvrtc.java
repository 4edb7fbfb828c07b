package dev.hone.core.kernel.cuda;

import static dev.hone.core.kernel.cuda.CudaFunction.NVRTC_COMPILE_PROGRAM;
import static dev.hone.core.kernel.cuda.CudaFunction.NVRTC_CREATE_PROGRAM;
import static dev.hone.core.kernel.cuda.CudaFunction.NVRTC_DESTROY_PROGRAM;
import static dev.hone.core.kernel.cuda.CudaFunction.NVRTC_GET_CUBIN;
import static dev.hone.core.kernel.cuda.CudaFunction.NVRTC_GET_CUBIN_SIZE;
import static dev.hone.core.kernel.cuda.CudaFunction.NVRTC_GET_ERROR_STRING;
import static dev.hone.core.kernel.cuda.CudaFunction.NVRTC_GET_PROGRAM_LOG;
import static dev.hone.core.kernel.cuda.CudaFunction.NVRTC_GET_PROGRAM_LOG_SIZE;
import static dev.hone.core.kernel.cuda.CudaFunction.NVRTC_VERSION;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** NVIDIA's compiler of CUDA C to machine code. */
final class Nvrtc {
  private final NativeLibrary library;

  Nvrtc(NativeLibrary library) {
    this.library = library;
  }

  /** Its version, 13000 for 13.0. */
  int version() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment major = arena.allocate(ValueLayout.JAVA_INT);
      MemorySegment minor = arena.allocate(ValueLayout.JAVA_INT);
      check((int) library.call(NVRTC_VERSION, major, minor), NVRTC_VERSION, "");
      return major.get(ValueLayout.JAVA_INT, 0) * 1000 + minor.get(ValueLayout.JAVA_INT, 0) * 10;
    }
  }

  /** Where it was found. */
  String path() {
    return library.path();
  }

  /**
   * Compiles to machine code.
   *
   * @return null if the compiler does not know the architecture
   * @throws CudaException with the compiler's words, if the source is not accepted
   */
  byte[] compile(String name, String source, List<String> options) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment program = arena.allocate(ValueLayout.ADDRESS);
      check((int) library.call(NVRTC_CREATE_PROGRAM, program, arena.allocateFrom(source), arena.allocateFrom(name), 0,
          MemorySegment.NULL, MemorySegment.NULL), NVRTC_CREATE_PROGRAM, name);
      MemorySegment handle = program.get(ValueLayout.ADDRESS, 0);
      try {
        MemorySegment texts = arena.allocate(ValueLayout.ADDRESS, options.size());
        for (int i = 0; i < options.size(); i++) {
          texts.setAtIndex(ValueLayout.ADDRESS, i, arena.allocateFrom(options.get(i)));
        }
        int code = (int) library.call(NVRTC_COMPILE_PROGRAM, handle, options.size(), texts);
        if (code == CudaConstant.NVRTC_ERROR_INVALID_OPTION.value()) { // an architecture that it does not know
          return null;
        }
        if (code != 0) {
          throw new CudaException(name + " with " + options + ": " + words(code) + "\n" + log(arena, handle));
        }
        MemorySegment size = arena.allocate(ValueLayout.JAVA_LONG);
        check((int) library.call(NVRTC_GET_CUBIN_SIZE, handle, size), NVRTC_GET_CUBIN_SIZE, name);
        MemorySegment image = arena.allocate(size.get(ValueLayout.JAVA_LONG, 0));
        check((int) library.call(NVRTC_GET_CUBIN, handle, image), NVRTC_GET_CUBIN, name);
        return image.toArray(ValueLayout.JAVA_BYTE);
      } finally {
        library.call(NVRTC_DESTROY_PROGRAM, program);
      }
    }
  }

  private String log(Arena arena, MemorySegment program) {
    MemorySegment size = arena.allocate(ValueLayout.JAVA_LONG);
    check((int) library.call(NVRTC_GET_PROGRAM_LOG_SIZE, program, size), NVRTC_GET_PROGRAM_LOG_SIZE, "");
    MemorySegment text = arena.allocate(size.get(ValueLayout.JAVA_LONG, 0) + 1);
    check((int) library.call(NVRTC_GET_PROGRAM_LOG, program, text), NVRTC_GET_PROGRAM_LOG, "");
    return text.getString(0);
  }

  private void check(int code, CudaFunction function, String name) {
    if (code != 0) {
      throw new CudaException(function.symbol() + " " + name + ": " + words(code));
    }
  }

  private String words(int code) {
    return NativeLibrary.text((MemorySegment) library.call(NVRTC_GET_ERROR_STRING, code));
  }
}
