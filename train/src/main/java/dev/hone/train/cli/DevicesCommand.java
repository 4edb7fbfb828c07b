package dev.hone.train.cli;

import dev.hone.core.kernel.Kernels;
import dev.hone.core.kernel.cuda.Cuda;
import dev.hone.core.parallel.Workers;
import dev.hone.train.config.Arguments;
import dev.hone.train.config.Flag;
import java.util.List;

/** Says what computes. */
final class DevicesCommand implements Command {
  @Override
  public String name() {
    return "devices";
  }

  @Override
  public String summary() {
    return "show what computes and why: kernels, vector width, threads, GPUs and their libraries";
  }

  @Override
  public String usage() {
    return "";
  }

  @Override
  public List<Flag> flags() {
    return List.of();
  }

  @Override
  public int run(Arguments arguments, Console console) {
    Kernels kernels = Kernels.active();
    Runtime runtime = Runtime.getRuntime();
    console.result("device    cpu (" + System.getProperty("os.arch") + ", " + System.getProperty("os.name") + ")");
    console.result("kernels   " + kernels.name() + ": " + kernels.reason());
    console.result("threads   " + Workers.threads() + " of " + runtime.availableProcessors()
        + " processors (-Dhone.threads=N changes it)");
    console.result("heap      at most " + runtime.maxMemory() / 1_000_000 + " MB (HONE_JAVA_OPTS=-Xmx8g changes it)");
    Cuda.Report report = Cuda.probeThoroughly();
    report.facts().forEach(console::result);
    if (!report.ready()) {
      console.result("gpu       none: " + report.whole());
    }
    console.result("java      " + Runtime.version() + ", " + System.getProperty("java.vm.name"));
    return 0;
  }
}
