package dev.hone.core.kernel.cuda;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.ValueLayout;

/**
 * The functions of NVIDIA's libraries that are called, under the names that the libraries export: bare names without their
 * {@code _v2} are old functions with other arguments. Types are letters: {@code I} an int or enum, {@code J} 64 bits,
 * {@code B} a byte, {@code A} a pointer or handle; the result follows the arguments.
 */
enum CudaFunction {
  CU_INIT(CudaLibrary.DRIVER, "cuInit", "(I)I"),
  CU_DRIVER_GET_VERSION(CudaLibrary.DRIVER, "cuDriverGetVersion", "(A)I"),
  CU_DEVICE_GET_COUNT(CudaLibrary.DRIVER, "cuDeviceGetCount", "(A)I"),
  CU_DEVICE_GET(CudaLibrary.DRIVER, "cuDeviceGet", "(AI)I"),
  CU_DEVICE_GET_NAME(CudaLibrary.DRIVER, "cuDeviceGetName", "(AII)I"),
  CU_DEVICE_GET_ATTRIBUTE(CudaLibrary.DRIVER, "cuDeviceGetAttribute", "(AII)I"),
  CU_DEVICE_PRIMARY_CTX_RETAIN(CudaLibrary.DRIVER, "cuDevicePrimaryCtxRetain", "(AI)I"),
  CU_DEVICE_PRIMARY_CTX_RELEASE(CudaLibrary.DRIVER, "cuDevicePrimaryCtxRelease_v2", "(I)I"),
  CU_CTX_SET_CURRENT(CudaLibrary.DRIVER, "cuCtxSetCurrent", "(A)I"),
  CU_CTX_GET_CURRENT(CudaLibrary.DRIVER, "cuCtxGetCurrent", "(A)I"),
  CU_GET_ERROR_NAME(CudaLibrary.DRIVER, "cuGetErrorName", "(IA)I"),
  CU_GET_ERROR_STRING(CudaLibrary.DRIVER, "cuGetErrorString", "(IA)I"),
  CU_MODULE_LOAD_DATA_EX(CudaLibrary.DRIVER, "cuModuleLoadDataEx", "(AAIAA)I"),
  CU_MODULE_UNLOAD(CudaLibrary.DRIVER, "cuModuleUnload", "(A)I"),
  CU_MODULE_GET_FUNCTION(CudaLibrary.DRIVER, "cuModuleGetFunction", "(AAA)I"),
  CU_FUNC_SET_ATTRIBUTE(CudaLibrary.DRIVER, "cuFuncSetAttribute", "(AII)I"),
  CU_LAUNCH_KERNEL(CudaLibrary.DRIVER, "cuLaunchKernel", "(AIIIIIIIAAA)I"),
  CU_MEM_GET_INFO(CudaLibrary.DRIVER, "cuMemGetInfo_v2", "(AA)I"),
  CU_MEM_ALLOC(CudaLibrary.DRIVER, "cuMemAlloc_v2", "(AJ)I"),
  CU_MEM_FREE(CudaLibrary.DRIVER, "cuMemFree_v2", "(J)I"),
  CU_MEM_ALLOC_ASYNC(CudaLibrary.DRIVER, "cuMemAllocAsync", "(AJA)I"),
  CU_MEM_FREE_ASYNC(CudaLibrary.DRIVER, "cuMemFreeAsync", "(JA)I"),
  CU_DEVICE_GET_DEFAULT_MEM_POOL(CudaLibrary.DRIVER, "cuDeviceGetDefaultMemPool", "(AI)I"),
  CU_MEM_POOL_SET_ATTRIBUTE(CudaLibrary.DRIVER, "cuMemPoolSetAttribute", "(AIA)I"),
  CU_MEM_HOST_ALLOC(CudaLibrary.DRIVER, "cuMemHostAlloc", "(AJI)I"),
  CU_MEM_FREE_HOST(CudaLibrary.DRIVER, "cuMemFreeHost", "(A)I"),
  CU_MEMCPY_H_TO_D_ASYNC(CudaLibrary.DRIVER, "cuMemcpyHtoDAsync_v2", "(JAJA)I"),
  CU_MEMCPY_D_TO_H_ASYNC(CudaLibrary.DRIVER, "cuMemcpyDtoHAsync_v2", "(AJJA)I"),
  CU_MEMCPY_D_TO_D_ASYNC(CudaLibrary.DRIVER, "cuMemcpyDtoDAsync_v2", "(JJJA)I"),
  CU_MEMSET_D8_ASYNC(CudaLibrary.DRIVER, "cuMemsetD8Async", "(JBJA)I"),
  CU_STREAM_CREATE(CudaLibrary.DRIVER, "cuStreamCreate", "(AI)I"),
  CU_STREAM_DESTROY(CudaLibrary.DRIVER, "cuStreamDestroy_v2", "(A)I"),
  CU_STREAM_SYNCHRONIZE(CudaLibrary.DRIVER, "cuStreamSynchronize", "(A)I"),
  CU_STREAM_WAIT_EVENT(CudaLibrary.DRIVER, "cuStreamWaitEvent", "(AAI)I"),
  CU_EVENT_CREATE(CudaLibrary.DRIVER, "cuEventCreate", "(AI)I"),
  CU_EVENT_RECORD(CudaLibrary.DRIVER, "cuEventRecord", "(AA)I"),
  CU_EVENT_ELAPSED_TIME(CudaLibrary.DRIVER, "cuEventElapsedTime_v2", "(AAA)I"),
  CU_STREAM_BEGIN_CAPTURE(CudaLibrary.DRIVER, "cuStreamBeginCapture_v2", "(AI)I"),
  CU_STREAM_END_CAPTURE(CudaLibrary.DRIVER, "cuStreamEndCapture", "(AA)I"),
  CU_GRAPH_INSTANTIATE_WITH_FLAGS(CudaLibrary.DRIVER, "cuGraphInstantiateWithFlags", "(AAJ)I"),
  CU_GRAPH_LAUNCH(CudaLibrary.DRIVER, "cuGraphLaunch", "(AA)I"),
  CU_EVENT_DESTROY(CudaLibrary.DRIVER, "cuEventDestroy_v2", "(A)I"),
  CU_GRAPH_DESTROY(CudaLibrary.DRIVER, "cuGraphDestroy", "(A)I"),
  CU_GRAPH_EXEC_DESTROY(CudaLibrary.DRIVER, "cuGraphExecDestroy", "(A)I"),
  NVRTC_VERSION(CudaLibrary.NVRTC, "nvrtcVersion", "(AA)I"),
  NVRTC_CREATE_PROGRAM(CudaLibrary.NVRTC, "nvrtcCreateProgram", "(AAAIAA)I"),
  NVRTC_COMPILE_PROGRAM(CudaLibrary.NVRTC, "nvrtcCompileProgram", "(AIA)I"),
  NVRTC_GET_PROGRAM_LOG_SIZE(CudaLibrary.NVRTC, "nvrtcGetProgramLogSize", "(AA)I"),
  NVRTC_GET_PROGRAM_LOG(CudaLibrary.NVRTC, "nvrtcGetProgramLog", "(AA)I"),
  NVRTC_GET_PTX_SIZE(CudaLibrary.NVRTC, "nvrtcGetPTXSize", "(AA)I"),
  NVRTC_GET_PTX(CudaLibrary.NVRTC, "nvrtcGetPTX", "(AA)I"),
  NVRTC_GET_CUBIN_SIZE(CudaLibrary.NVRTC, "nvrtcGetCUBINSize", "(AA)I"),
  NVRTC_GET_CUBIN(CudaLibrary.NVRTC, "nvrtcGetCUBIN", "(AA)I"),
  NVRTC_DESTROY_PROGRAM(CudaLibrary.NVRTC, "nvrtcDestroyProgram", "(A)I"),
  NVRTC_GET_ERROR_STRING(CudaLibrary.NVRTC, "nvrtcGetErrorString", "(I)A"),
  CUBLAS_LT_CREATE(CudaLibrary.CUBLAS_LT, "cublasLtCreate", "(A)I"),
  CUBLAS_LT_DESTROY(CudaLibrary.CUBLAS_LT, "cublasLtDestroy", "(A)I"),
  CUBLAS_LT_GET_VERSION(CudaLibrary.CUBLAS_LT, "cublasLtGetVersion", "()J"),
  CUBLAS_LT_MATMUL_DESC_CREATE(CudaLibrary.CUBLAS_LT, "cublasLtMatmulDescCreate", "(AII)I"),
  CUBLAS_LT_MATMUL_DESC_DESTROY(CudaLibrary.CUBLAS_LT, "cublasLtMatmulDescDestroy", "(A)I"),
  CUBLAS_LT_MATMUL_DESC_SET_ATTRIBUTE(CudaLibrary.CUBLAS_LT, "cublasLtMatmulDescSetAttribute", "(AIAJ)I"),
  CUBLAS_LT_MATRIX_LAYOUT_CREATE(CudaLibrary.CUBLAS_LT, "cublasLtMatrixLayoutCreate", "(AIJJJ)I"),
  CUBLAS_LT_MATRIX_LAYOUT_DESTROY(CudaLibrary.CUBLAS_LT, "cublasLtMatrixLayoutDestroy", "(A)I"),
  CUBLAS_LT_MATMUL_PREFERENCE_CREATE(CudaLibrary.CUBLAS_LT, "cublasLtMatmulPreferenceCreate", "(A)I"),
  CUBLAS_LT_MATMUL_PREFERENCE_SET_ATTRIBUTE(CudaLibrary.CUBLAS_LT, "cublasLtMatmulPreferenceSetAttribute", "(AIAJ)I"),
  CUBLAS_LT_MATMUL_PREFERENCE_DESTROY(CudaLibrary.CUBLAS_LT, "cublasLtMatmulPreferenceDestroy", "(A)I"),
  CUBLAS_LT_MATMUL_ALGO_GET_HEURISTIC(CudaLibrary.CUBLAS_LT, "cublasLtMatmulAlgoGetHeuristic", "(AAAAAAAIAA)I"),
  CUBLAS_LT_MATMUL(CudaLibrary.CUBLAS_LT, "cublasLtMatmul", "(AAAAAAAAAAAAAAJA)I");

  private final CudaLibrary library;
  private final String symbol;
  private final String types;

  CudaFunction(CudaLibrary library, String symbol, String types) {
    this.library = library;
    this.symbol = symbol;
    this.types = types;
  }

  /** Where it is. */
  CudaLibrary library() {
    return library;
  }

  /** The exported name. */
  String symbol() {
    return symbol;
  }

  /** Arguments and result, such as {@code (AJ)I}. */
  String types() {
    return types;
  }

  /** The types as the linker wants them. */
  FunctionDescriptor descriptor() {
    int end = types.indexOf(')');
    MemoryLayout[] arguments = types.substring(1, end).chars().mapToObj(CudaFunction::layout).toArray(MemoryLayout[]::new);
    return FunctionDescriptor.of(layout(types.charAt(end + 1)), arguments);
  }

  private static MemoryLayout layout(int type) {
    return switch (type) {
      case 'I' -> ValueLayout.JAVA_INT;
      case 'J' -> ValueLayout.JAVA_LONG;
      case 'B' -> ValueLayout.JAVA_BYTE;
      case 'A' -> ValueLayout.ADDRESS;
      default -> throw new AssertionError((char) type);
    };
  }
}
