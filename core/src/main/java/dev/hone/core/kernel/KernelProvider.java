package dev.hone.core.kernel;

import dev.hone.core.Device;

/** Brings the kernels of devices: a service, so that the seam does not depend on what is behind it. */
public interface KernelProvider {
  /** The kernels of a device, chosen for this machine, asked for once; null if they are not this provider's. */
  Kernels kernels(Device device);
}
