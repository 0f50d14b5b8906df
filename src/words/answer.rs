//! Words of answers to commands.

use super::say;
use crate::core::refusal::Refusal;

say! { Refusal {
    UnknownAlarm: "没有这个编号的报警", "there is no alarm of this id";
    AlreadyClosed: "这个报警已经办结", "this alarm is closed already";
    UnknownResponder: "名册里没有这位响应人", "no responder of this id stands in the village file";
    UnknownResident: "名册里没有这位老人", "no resident of this id stands in the village file";
    NobodyNamed: "要写明是谁", "somebody must be named";
    OnlyLocal: "只有村里的人可以这样做", "only a local person may do this";
    NeedsConversation: "需要先与本人通话并记录", "needs a recorded conversation with the resident";
    NeedsAcceptance: "需要先有村里的人接单", "needs a local acceptance first";
    HeldByAnother: "已由别人接单", "somebody else has accepted it";
    NotNow: "现在这一步做不了", "this step is not possible as the alarm stands";
    NotForPeople: "这个结果只能由系统得出", "this ending is the machine's, not a person's";
    InformOnly: "只告知、不派出的人不能接单", "they are informed and not sent";
    UnknownHome: "名册里没有这一户", "no home of this id stands in the village file";
    NotWanted: "还没有人说需要 120", "nobody has said that 120 is needed";
    NotTechnical: "只有设备故障可以这样确认", "only technical alarms are acknowledged here";
    Full: "已到上限,先处理未办结的", "a limit is reached; deal with what is open first";
    UnknownStop: "没有这次停机,或已过去很久", "there is no such stop, or it was long ago";
} }
