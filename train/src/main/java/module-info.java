/** Data, training, evaluation and the command line. */
module dev.hone.train {
  requires transitive dev.hone.lora;
  requires transitive dev.hone.tokenizer;
  requires static java.management; // java -jar only, which has it
  requires java.net.http;
  requires jdk.httpserver;
  requires jdk.jfr;
  requires tools.jackson.databind;
  requires tools.jackson.dataformat.csv;
  requires tools.jackson.dataformat.yaml;

  exports dev.hone.train;
  exports dev.hone.train.checkpoint;
  exports dev.hone.train.choose;
  exports dev.hone.train.config;
  exports dev.hone.train.data;
  exports dev.hone.train.distributed;
  exports dev.hone.train.encode;
  exports dev.hone.train.evaluation;
  exports dev.hone.train.export;
  exports dev.hone.train.infer;
  exports dev.hone.train.inspect;
  exports dev.hone.train.metric;
  exports dev.hone.train.monitor;
  exports dev.hone.train.optim;
  exports dev.hone.train.report;
  exports dev.hone.train.run;
  exports dev.hone.train.schedule;
  exports dev.hone.train.serve;
  exports dev.hone.train.source;
  exports dev.hone.train.source.hub;
  exports dev.hone.train.sweep;
  exports dev.hone.train.task;
  exports dev.hone.train.task.classify;
  exports dev.hone.train.task.distil;
  exports dev.hone.train.task.embed;
  exports dev.hone.train.task.fewshot;
  exports dev.hone.train.task.rerank;
  exports dev.hone.train.task.generate;
  exports dev.hone.train.task.prefer;
  exports dev.hone.train.task.tag;

  uses dev.hone.train.optim.OptimizerProvider;
  uses dev.hone.train.schedule.ScheduleProvider;
}
