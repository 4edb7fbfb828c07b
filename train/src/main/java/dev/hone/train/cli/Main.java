package dev.hone.train.cli;

import dev.hone.core.HoneException;
import dev.hone.tokenizer.definition.TokenizerException;
import dev.hone.train.config.Arguments;
import dev.hone.train.config.Flag;
import dev.hone.train.config.Nearest;
import dev.hone.train.config.UserError;
import dev.hone.train.source.DataArgument;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.Arrays;
import java.util.List;

/**
 * The command line's entry: {@code hone COMMAND [--flag value]...}. Exit codes: 0 done, 1 no match or failed, 2 user error,
 * 130 interrupted.
 */
public final class Main {
  static final List<Command> COMMANDS = List.of(
      new DemoCommand(),
      new TrainCommand(),
      new InspectCommand(),
      new ValidateCommand(),
      new SweepCommand(),
      new EvaluateCommand(),
      new CompareCommand(),
      new PredictCommand(),
      new TagCommand(),
      new EmbedCommand(),
      new RerankCommand(),
      new MineNegativesCommand(),
      new GenerateCommand(),
      new MergeCommand(),
      new ExportCommand(),
      new QuantizeCommand(),
      new ResizeCommand(),
      new AdapterCommand(),
      new TokenizerCommand(),
      new ServeCommand(),
      new MonitorCommand(),
      new FeedbackCommand(),
      new RegistryCommand(),
      new RetrainCommand(),
      new RollbackCommand(),
      new VerifyCommand(),
      new ModelsCommand(),
      new PushCommand(),
      new DevicesCommand());

  private static final String LOG_FORMAT = "java.util.logging.SimpleFormatter.format";

  private Main() {}

  /** Runs a command and ends the process with its exit code. */
  public static void main(String[] arguments) {
    if (System.getProperty(LOG_FORMAT) == null) {
      System.setProperty(LOG_FORMAT, "%4$s: %5$s%6$s%n"); // what the library has to say is a line as all others are
    }
    System.exit(run(arguments, Console.ofProcess()));
  }

  /** Runs a command; returns the exit code. */
  static int run(String[] arguments, Console console) {
    List<String> words = Arrays.asList(arguments);
    if (words.isEmpty() || List.of("help", "--help", "-h").contains(words.getFirst())) {
      help(console);
      return words.isEmpty() ? 2 : 0;
    }
    if (List.of("version", "--version", "-V").contains(words.getFirst())) {
      console.result("hone " + Version.OF_HONE + ", Java " + Runtime.version());
      return 0;
    }
    boolean debug = words.contains("--debug");
    List<String> rest = words.stream().skip(1).filter(word -> !word.equals("--debug")).toList();
    try {
      Command command = find(words.getFirst());
      if (rest.contains("--help") || rest.contains("-h")) {
        help(command, console);
        return 0;
      }
      Arguments given = new Arguments(command.name(), command.flags(), rest);
      if (!command.takesWords() && !given.free().isEmpty()) {
        throw new UserError("hone " + command.name() + ": '" + given.free().getFirst() + "' belongs to no flag; a value that has "
            + "spaces needs quotes, several values of a flag are separated by commas (a shell's *.csv is not),"
            + " and a switch is turned off with =false");
      }
      DataArgument.resolve(given, given.on("quiet") ? _ -> { } : console);
      return command.run(given, console);
    } catch (Exception | OutOfMemoryError e) {
      if (debug) {
        e.printStackTrace(console.err());
      }
      String message = userMessage(e);
      if (message != null) {
        console.note("error: " + oneLine(message));
        return 2;
      }
      console.note("error: " + e + (debug ? "" : " (unexpected; --debug shows where)"));
      return 1;
    }
  }

  /** The line for a mistake of the user or of his files; null for a fault of ours. */
  private static String userMessage(Throwable e) {
    return switch (e) {
      case HoneException u -> u.getMessage();
      case TokenizerException u -> u.getMessage();
      case OutOfMemoryError _ -> "out of memory: the heap is limited to " + Runtime.getRuntime().maxMemory() / 1_000_000
          + " MB; give the JVM more (HONE_JAVA_OPTS=-Xmx8g) or use a smaller --batch-size or --max-length";
      case NoSuchFileException u -> u.getFile() + ": no such file";
      case AccessDeniedException u -> u.getFile() + ": access denied";
      case IOException u -> u.getMessage();
      case IllegalArgumentException u -> u.getMessage();
      case UncheckedIOException u -> userMessage(u.getCause());
      default -> null;
    };
  }

  /** Without breaks and control characters, which a value from a file may have brought along. */
  private static String oneLine(String message) {
    return message.strip().replaceAll("\\s*\\R\\s*", " ").replaceAll("\\p{Cntrl}", "?");
  }

  static Command find(String name) {
    for (Command command : COMMANDS) {
      if (command.name().equals(name)) {
        return command;
      }
    }
    List<String> known = COMMANDS.stream().map(Command::name).toList();
    throw new UserError("unknown command '" + name + "'" + Nearest.hint(name, known, "hone ") + "; known: "
        + String.join(", ", known));
  }

  private static void help(Console console) {
    console.result("hone: fine-tuning of language models in Java\n");
    console.result("usage: hone COMMAND [--flag value]...\n");
    for (Command command : COMMANDS) {
      console.result(String.format("  %-14s %s", command.name(), command.summary()));
    }
    console.result("\nhone COMMAND --help lists the flags of a command; --debug shows where an error came from; hone --version.");
  }

  private static void help(Command command, Console console) {
    console.result("hone " + command.name() + ": " + command.summary() + "\n");
    console.result("usage: hone " + command.name() + " " + command.usage() + "\n");
    for (Flag flag : command.flags()) {
      String left = "--" + flag.name() + (flag.isSwitch() ? "" : " " + flag.value());
      String fallback = flag.fallback() == null || flag.fallback().isEmpty() ? "" : " [" + flag.fallback() + "]";
      String only = flag.only().isEmpty() ? "" : String.join(", ", flag.only()) + ": ";
      console.result(String.format("  %-32s %s%s%s", left, only, flag.help(), fallback));
    }
  }
}
