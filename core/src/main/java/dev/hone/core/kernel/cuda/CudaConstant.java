package dev.hone.core.kernel.cuda;

/** Numbers of NVIDIA's headers under their names there. */
enum CudaConstant {
  CUDA_ERROR_OUT_OF_MEMORY(2),
  CUDA_ERROR_NO_DEVICE(100),
  /** The first of the errors after which a context is dead. */
  CUDA_ERROR_ILLEGAL_ADDRESS(700),
  /** The one among them after which it is not. */
  CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES(701),
  /** The last of them. */
  CUDA_ERROR_TENSOR_MEMORY_LEAK(721),
  CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT(16),
  CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR(75),
  CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR(76),
  CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN(97),
  CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES(8),
  CU_JIT_ERROR_LOG_BUFFER(5),
  CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES(6),
  CU_STREAM_NON_BLOCKING(1),
  NVRTC_ERROR_INVALID_OPTION(5);

  private final int value;

  CudaConstant(int value) {
    this.value = value;
  }

  /** The number. */
  int value() {
    return value;
  }
}
