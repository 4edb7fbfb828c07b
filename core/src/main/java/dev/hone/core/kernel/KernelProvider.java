package dev.hone.core.kernel;

import dev.hone.core.Device;

/** Brings the kernels of a device: a service, so that the seam does not depend on what is behind it. */
public interface KernelProvider {
  /** The device. */
  Device device();

  /** Its kernels, chosen for this machine; asked for once. */
  Kernels kernels();
}
