package dev.hone.core.kernel.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodType;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * A loaded library: all restricted calls of the project are in this class, so that {@code --enable-native-access} concerns it
 * alone. Functions are bound when they are first called; a call by an array costs some hundred nanoseconds, nothing beside what
 * a driver does with it.
 */
final class NativeLibrary {
  private static final MethodType BY_ARRAY = MethodType.methodType(Object.class, Object[].class);
  private static final int MAX_TEXT = 1 << 16;

  private final CudaLibrary kind;
  private final String path;
  private final SymbolLookup symbols;
  private final Map<CudaFunction, MethodHandle> bound = new EnumMap<>(CudaFunction.class); // guarded by itself

  private NativeLibrary(CudaLibrary kind, String path, SymbolLookup symbols) {
    this.kind = kind;
    this.path = path;
    this.symbols = symbols;
  }

  /**
   * What a search has come to.
   *
   * @param library null if none was found
   * @param tried what was tried in vain, each with the reason
   * @param denied whether the JVM forbids native access
   */
  record Search(NativeLibrary library, List<String> tried, boolean denied) {}

  /** Loads the first candidate that can be loaded, of whatever version. */
  static Search find(CudaLibrary kind) {
    return find(kind, Integer.MAX_VALUE);
  }

  /**
   * Loads the first candidate that can be loaded.
   *
   * @param newest of CUDA's major versions that the driver knows
   */
  static Search find(CudaLibrary kind, int newest) {
    List<String> tried = new ArrayList<>();
    for (String candidate : kind.candidates(newest)) {
      try {
        preload(kind, candidate);
        return new Search(new NativeLibrary(kind, candidate, lookup(candidate)), List.copyOf(tried), false);
      } catch (IllegalCallerException e) {
        tried.add(candidate + ": native access is denied; the JVM option --enable-native-access=ALL-UNNAMED (on the module path "
            + "--enable-native-access=dev.hone.core) allows it");
        return new Search(null, List.copyOf(tried), true);
      } catch (IllegalArgumentException e) {
        tried.add(candidate + (Files.exists(Path.of(candidate)) ? ": cannot be loaded" : ": not found"));
      }
    }
    if (System.getProperty(kind.property()) == null) {
      for (Path folder : kind.folders(System.getenv())) {
        tried.add(folder + ": no such file there");
      }
    }
    return new Search(null, List.copyOf(tried), false);
  }

  /** NVRTC opens its builtins by their bare name, which nobody finds beside it unless it is loaded already. */
  private static void preload(CudaLibrary kind, String candidate) {
    Path folder = Path.of(candidate).getParent();
    if (kind != CudaLibrary.NVRTC || folder == null || !Files.isDirectory(folder)) {
      return;
    }
    try (DirectoryStream<Path> builtins = Files.newDirectoryStream(folder, "{libnvrtc-builtins.so*,nvrtc-builtins64_*.dll}")) {
      for (Path file : builtins) {
        lookup(file.toString());
      }
    } catch (IOException e) {
      throw new IllegalArgumentException(e);
    }
  }

  @SuppressWarnings("restricted")
  private static SymbolLookup lookup(String name) {
    return name.contains("/") || name.contains("\\") ? SymbolLookup.libraryLookup(Path.of(name), Arena.global())
        : SymbolLookup.libraryLookup(name, Arena.global());
  }

  /** The text at an address that a function has returned. */
  @SuppressWarnings("restricted")
  static String text(MemorySegment address) {
    return address.address() == 0 ? "" : address.reinterpret(MAX_TEXT).getString(0, StandardCharsets.UTF_8);
  }

  /** Memory that a function has allocated. */
  @SuppressWarnings("restricted")
  static MemorySegment memory(long address, long bytes) {
    return MemorySegment.ofAddress(address).reinterpret(bytes);
  }

  /** The name or path under which it was loaded. */
  String path() {
    return path;
  }

  /** Whether it has a function: an old driver may lack new ones. */
  boolean has(CudaFunction function) {
    return symbols.find(function.symbol()).isPresent();
  }

  @SuppressWarnings("restricted")
  private MethodHandle bind(CudaFunction function) {
    MemorySegment address = symbols.find(function.symbol()).orElseThrow(() -> new CudaException(kind.title() + " (" + path
        + ") has no function " + function.symbol() + "; it is too old, or no such library"));
    MethodHandle handle = Linker.nativeLinker().downcallHandle(address, function.descriptor());
    return handle.asSpreader(Object[].class, handle.type().parameterCount()).asType(BY_ARRAY);
  }

  /** Calls a function; arguments must have its very types. */
  Object call(CudaFunction function, Object... arguments) {
    MethodHandle handle;
    synchronized (bound) {
      handle = bound.get(function);
      if (handle == null) {
        handle = bind(function);
        bound.put(function, handle);
      }
    }
    try {
      return (Object) handle.invokeExact(arguments);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(function.symbol(), e);
    }
  }
}
