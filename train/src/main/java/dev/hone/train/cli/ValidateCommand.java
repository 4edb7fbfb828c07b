package dev.hone.train.cli;

import dev.hone.lora.Adapter;
import dev.hone.nn.MemoryEstimate;
import dev.hone.train.TrainConfig;
import dev.hone.train.Trainer;
import dev.hone.train.config.Arguments;
import dev.hone.train.config.Flag;
import dev.hone.train.run.PreparedRun;
import dev.hone.train.run.TrainFlags;
import java.io.IOException;
import java.util.List;
import java.util.Locale;

/** Checks all that a run needs, and trains nothing. */
final class ValidateCommand implements Command {
  @Override
  public String name() {
    return "validate";
  }

  @Override
  public String summary() {
    return "check settings, data and model of a run without training";
  }

  @Override
  public String usage() {
    return "--config run.yaml [--flag value]...   the flags of hone train";
  }

  @Override
  public List<Flag> flags() {
    return TrainFlags.all();
  }

  @Override
  public int run(Arguments arguments, Console console) throws IOException {
    TrainConfig config = TrainFlags.config(arguments);
    TrainFlags.checkFiles(arguments, config);
    PreparedRun run = PreparedRun.of(arguments, config, console::result);
    Trainer trainer = run.tuning().trainer(run.training(), config);
    console.result(Adapter.summary(run.tuning().model()));
    console.result(String.format(Locale.ROOT, "%d rows to learn from, %s held out, %d steps", run.training().size(),
        run.heldOut() == null ? "none" : run.heldOut().size() + "", trainer.steps(run.training())));
    MemoryEstimate memory = trainer.memory(run.training(), run.heldOut() != null);
    console.result("memory: " + memory);
    memory.check("training");
    trainer.check(run.training(), run.heldOut());
    console.result("valid: the longest batch ran forward and backward, nothing was written");
    return 0;
  }
}
