package dev.hone.train.run;

import dev.hone.core.Device;
import dev.hone.core.kernel.cuda.Cuda;
import dev.hone.core.kernel.cuda.CudaException;
import dev.hone.train.config.Arguments;
import dev.hone.train.config.Flag;
import dev.hone.train.config.UserError;
import dev.hone.train.task.TaskName;
import java.util.List;
import java.util.function.Consumer;

/** The flag that says what computes. It is about one start: a run may begin on one device and go on on another. */
public final class DeviceFlag {
  /** Its name. */
  public static final String NAME = "device";
  private static final String AUTO = "auto";
  public static final Flag FLAG = Flag.of(NAME, "auto|cpu|cuda", AUTO,
      "what computes: the CPU or an NVIDIA GPU (cuda:1 is the second); auto: the CPU, and a line where there is a GPU");

  /** The name of the flag that says what products are computed in. */
  public static final String PRECISION = "precision";
  public static final Flag PRECISION_FLAG = Flag.of(PRECISION, "fp32|tf32|bf16", "bf16",
      "what a GPU computes products in; the CPU computes in fp32");
  private static final List<String> PRECISIONS = List.of("fp32", "tf32", "bf16");
  /** Both. */
  public static final List<Flag> ALL = List.of(FLAG, PRECISION_FLAG);

  private DeviceFlag() {}

  /** Refuses by name what is not computed on a device. */
  static void check(Arguments arguments, Device device) {
    if (device == Device.CPU) {
      return;
    }
    TaskName task = TrainFlags.task(arguments);
    if (task == TaskName.PREFER || task == TaskName.DISTIL || arguments.on("few-shot")) {
      throw new UserError("--device " + device + ": " + (arguments.on("few-shot") ? "--few-shot" : "--task " + task.word())
          + " is not computed there; --device cpu does");
    }
    if (arguments.text("activations").equals("bf16")) {
      throw new UserError("--device " + device + ": --activations bf16 is the CPU's; there --gradient-checkpointing saves "
          + "memory");
    }
  }

  /** Refuses a GPU that is asked for by name, for what is not computed there. */
  public static void refuse(Arguments arguments, String what) {
    String name = arguments.text(NAME);
    if (!name.equals("cpu") && !name.equals(AUTO)) {
      throw new UserError("--device " + name + ": " + what + " are not computed there; --device cpu does");
    }
  }

  /**
   * The device that is asked for.
   *
   * @param say told in one line where {@code auto} does not find what this machine seems to have, or leaves a GPU alone
   * @throws UserError saying all that was tried, if a GPU is asked for and there is none
   */
  public static Device of(Arguments arguments, Consumer<String> say) {
    String name = arguments.text(NAME);
    if (!PRECISIONS.contains(arguments.text(PRECISION))) {
      throw new UserError("--precision must be one of " + String.join(", ", PRECISIONS) + ", is '" + arguments.text(PRECISION)
          + "'");
    }
    if (name.equals("cpu")) {
      return Device.CPU;
    }
    if (name.equals(AUTO)) {
      return auto(arguments, say);
    }
    if (!name.matches("cuda(:\\d+)?")) {
      throw new UserError("--device must be auto, cpu, cuda or cuda:N, is '" + name + "'");
    }
    Cuda.Report report = Cuda.probeThoroughly();
    if (!report.ready()) {
      throw new UserError("--device " + name + ": " + report.reason() + "; tried " + String.join(", ", report.tried())
          + "; --device cpu computes without a GPU");
    }
    return opened(name, arguments);
  }

  private static Device auto(Arguments arguments, Consumer<String> say) {
    Cuda.Report report = Cuda.probe();
    if (report.ready()) { // kernels that no GPU has run yet are for those who ask for them
      say.accept("computing on the CPU; --device cuda takes this machine's GPU, on which Hone has not been tried yet");
      return Device.CPU;
    }
    if (arguments.has(NAME) || report.status() != Cuda.Status.NO_DRIVER) {
      say.accept("computing on the CPU: " + report.reason());
    }
    return Device.CPU;
  }

  private static Device opened(String name, Arguments arguments) {
    if (arguments.has(PRECISION)) {
      Cuda.setPrecision(arguments.text(PRECISION));
    }
    try {
      return Device.named(name.equals("cuda:0") ? "cuda" : name);
    } catch (CudaException e) {
      throw new UserError("--device " + name + ": " + e.getMessage());
    }
  }
}
