/**
 * Kernels on NVIDIA GPUs: the driver is called through the Foreign Function and Memory API, kernels are CUDA C in this package's
 * resources. One platform thread per GPU makes all calls, in order; nothing waits for the GPU but what reads from it.
 *
 * <p>From below: {@link dev.hone.core.kernel.cuda.NativeLibrary} loads and calls, {@code CudaFunction} is the table of functions,
 * {@code Gpu} a context with its thread and stream, {@code GpuMemory} its memory in slabs, {@code KernelLauncher} its compiled
 * kernels;
 * a class per family of the seam launches them. {@link dev.hone.core.kernel.cuda.Cuda} is the way in.
 */
package dev.hone.core.kernel.cuda;
