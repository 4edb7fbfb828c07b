package dev.hone.core.kernel.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The functions and constants are those of NVIDIA's headers. */
class CudaFunctionTest {
  private static final Pattern RENAMED = Pattern.compile("^#define\\s+(cu\\w+)\\s+(cu\\w+)\\s*$", Pattern.MULTILINE);
  private static final Pattern PROTOTYPE = Pattern.compile(
      "(\\w+(?:\\s+char\\s*\\*)?)\\s*(?:CUDAAPI|CUBLASWINAPI)?\\s*\\b(cu\\w+|nvrtc\\w+)\\s*\\(([^()]*)\\)\\s*;");
  private static final Pattern CONSTANT = Pattern.compile("\\b([A-Z][A-Z0-9_]+)\\s*=\\s*(0x[0-9a-fA-F]+|\\d+)");
  private static final Set<String> WIDE = Set.of("size_t", "CUdeviceptr", "unsigned long long", "cuuint64_t", "uint64_t",
      "int64_t");
  private static final Set<String> HANDLES = Set.of("CUcontext", "CUmodule", "CUfunction", "CUstream", "CUevent", "CUgraph",
      "CUgraphExec", "CUmemoryPool", "nvrtcProgram", "cublasLtHandle_t", "cublasLtMatmulDesc_t", "cublasLtMatrixLayout_t",
      "cublasLtMatmulPreference_t", "cudaStream_t");
  private static final Set<String> NARROW = Set.of("int", "unsigned int", "CUresult", "CUdevice", "CUdevice_attribute",
      "CUfunction_attribute", "CUjit_option", "CUmemPool_attribute", "CUstreamCaptureMode", "nvrtcResult", "cublasStatus_t",
      "cublasComputeType_t", "cudaDataType_t", "cudaDataType", "cublasLtMatmulDescAttributes_t",
      "cublasLtMatmulPreferenceAttributes_t");

  private static Map<String, String> ours() {
    Map<String, String> ours = new TreeMap<>();
    for (CudaFunction function : CudaFunction.values()) {
      ours.put(function.symbol(), function.types());
    }
    for (CudaConstant constant : CudaConstant.values()) {
      ours.put(constant.name(), String.valueOf(constant.value()));
    }
    return ours;
  }

  @Test
  void functionsAndConstantsAreThoseOfTheCommittedTable() throws IOException {
    Map<String, String> table = new TreeMap<>();
    try (InputStream in = CudaFunctionTest.class.getResourceAsStream("headers.txt")) {
      for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList()) {
        if (!line.startsWith("#")) {
          table.put(line.split(" ")[0], line.split(" ")[1]);
        }
      }
    }
    assertEquals(table, ours());
  }

  @Test
  void functionsAndConstantsAreThoseOfTheHeaders() throws IOException {
    Map<String, String> found = new HashMap<>();
    for (String header : List.of("cuda.h", "nvrtc.h", "cublasLt.h", "cublas_api.h", "library_types.h")) {
      for (Path folder : folders()) {
        if (Files.isRegularFile(folder.resolve(header))) {
          read(Files.readString(folder.resolve(header)), found);
          break;
        }
      }
    }
    assumeTrue(!found.isEmpty(), "no headers of CUDA here");
    Map<String, String> expected = new TreeMap<>();
    Map<String, String> ours = new TreeMap<>();
    ours().forEach((name, value) -> {
      if (found.containsKey(name)) {
        expected.put(name, found.get(name));
        ours.put(name, value);
      }
    });
    assertEquals(expected, ours);
    assertTrue(ours.size() > 40, "only " + ours.keySet() + " were found in the headers");
  }

  @Test
  void anOldNameUnderANewOneIsNotTaken() {
    Map<String, String> found = new HashMap<>();
    read("""
        #define cuMemAlloc                          cuMemAlloc_v2
        CUresult CUDAAPI cuMemAlloc(CUdeviceptr *dptr, size_t bytesize);
        #undef cuMemAlloc
        CUresult CUDAAPI cuMemAlloc(CUdeviceptr_v1 *dptr, unsigned int bytesize);
        enum { CUDA_ERROR_NO_DEVICE = 100, };
        const char *nvrtcGetErrorString(nvrtcResult result);
        """, found);
    assertEquals(Map.of("cuMemAlloc_v2", "(AJ)I", "CUDA_ERROR_NO_DEVICE", "100", "nvrtcGetErrorString", "(I)A"), found);
  }

  private static List<Path> folders() throws IOException {
    List<Path> folders = new ArrayList<>();
    for (String home : Arrays.asList(System.getenv("CUDA_HOME"), System.getenv("CUDA_PATH"), "/usr/local/cuda")) {
      if (home != null) {
        folders.add(Path.of(home, "include"));
      }
    }
    if (Files.isDirectory(Path.of("/usr/local"))) {
      try (DirectoryStream<Path> toolkits = Files.newDirectoryStream(Path.of("/usr/local"), "cuda-*")) {
        toolkits.forEach(toolkit -> folders.add(toolkit.resolve("include")));
      }
    }
    return folders;
  }

  /** Prototypes by exported name, and constants. */
  private static void read(String header, Map<String, String> found) {
    String text = header.replaceAll("(?s)/\\*.*?\\*/", " ").replaceAll("//[^\n]*", " ");
    Map<String, String> renamed = new HashMap<>();
    Matcher define = RENAMED.matcher(text);
    while (define.find()) {
      renamed.putIfAbsent(define.group(1), define.group(2));
    }
    Map<String, String> seen = new HashMap<>(); // the first prototype of a name is the one that programs see
    Matcher prototype = PROTOTYPE.matcher(text);
    while (prototype.find()) {
      String name = prototype.group(2);
      if (!prototype.group(1).equals("return") && seen.putIfAbsent(name, "") == null) {
        found.putIfAbsent(renamed.getOrDefault(name, name), types(prototype.group(3)) + letter(prototype.group(1)));
      }
    }
    Matcher constant = CONSTANT.matcher(text);
    while (constant.find()) {
      found.putIfAbsent(constant.group(1), String.valueOf(Long.decode(constant.group(2))));
    }
  }

  private static String types(String arguments) {
    StringBuilder types = new StringBuilder("(");
    for (String argument : arguments.split(",")) {
      if (!argument.isBlank() && !argument.strip().equals("void")) {
        types.append(letter(argument.strip().replaceAll("\\b\\w+(\\[\\])?$", "").strip()));
      }
    }
    return types.append(')').toString();
  }

  /** A type that is not known gives a letter that none of ours has. */
  private static char letter(String type) {
    String bare = type.replaceAll("\\bconst\\b", "").replaceAll("\\s+", " ").strip();
    return bare.endsWith("*") || HANDLES.contains(bare) ? 'A' : WIDE.contains(bare) ? 'J' : NARROW.contains(bare) ? 'I'
        : bare.equals("unsigned char") ? 'B' : '?';
  }
}
