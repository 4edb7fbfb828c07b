package dev.hone.train.cli;

import dev.hone.train.config.Arguments;
import dev.hone.train.config.Flag;
import dev.hone.train.config.UserError;
import dev.hone.train.source.hub.Hub;
import dev.hone.train.source.hub.PublishedDirectory;
import dev.hone.train.source.hub.RepoId;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Uploads an adapter or a model, with its card. */
final class PushCommand implements Command {
  @Override
  public String name() {
    return "push";
  }

  @Override
  public String summary() {
    return "upload an adapter or a model, with its card, to a hub";
  }

  @Override
  public String usage() {
    return "DIR --repo org/name [--private] [--message TEXT] [--base-model org/name]";
  }

  @Override
  public boolean takesWords() {
    return true;
  }

  @Override
  public List<Flag> flags() {
    return List.of(
        Flag.of("repo", "org/name[@branch]", null, "where it goes; it is made if it is not there"),
        Flag.toggle("private", "one that is made is seen by you only"),
        Flag.of("message", "TEXT", "Upload with Hone", "of the commit"),
        Flag.of("base-model", "org/name", null, "what the base is called on the hub, where card and adapter name it otherwise"),
        Flag.toggle("dry-run", "say what would be sent, and send nothing"));
  }

  @Override
  public int run(Arguments arguments, Console console) throws IOException {
    if (arguments.free().size() != 1) {
      throw new UserError("hone push: name one directory: an adapter's, a model's or a run's");
    }
    RepoId repo = RepoId.parse(RepoId.Kind.MODEL, arguments.required("repo"));
    PublishedDirectory directory = PublishedDirectory.of(Path.of(arguments.free().getFirst()), arguments.text("base-model"));
    directory.notes().forEach(console::note);
    for (String line : directory.lines()) {
      console.note("  " + line);
    }
    if (arguments.on("dry-run")) {
      return 0;
    }
    Hub.Pushed pushed = Hub.ofUser().push(repo, directory.items(), arguments.on("private"), arguments.text("message"), console);
    console.result(pushed.address() + " at " + pushed.commit());
    return 0;
  }
}
