//! One line of Chinese for every mistake in a configuration file, by the word of the mistake; the English sentence, with
//! file, line and fix, is the mistake's own.

/// What is wrong, in Chinese; none for a word that no mistake has.
#[must_use]
pub fn mistake_zh(what: &str) -> Option<&'static str> {
    Some(match what {
        "cannot_read" => "文件读不了",
        "too_large" => "文件太大",
        "syntax" => "这一行不合 TOML 写法",
        "duplicate_key" => "同一个键写了两次",
        "unknown_key" => "没有这个键",
        "missing_key" => "缺少这个键",
        "wrong_type" => "值的类型不对",
        "out_of_range" => "数值超出范围",
        "unknown_word" => "不在可选的词里",
        "not_an_id" => "不是合法的编号",
        "not_an_address" => "不是可以监听的地址和端口",
        "not_a_url" => "不是消息服务器地址",
        "not_a_web_address" => "不是网页服务器地址",
        "secret_in_file" => "密码不能写在配置文件里",
        "unknown_zone" => "本机不认识这个时区",
        "not_a_phone" => "不是电话号码",
        "empty" => "内容是空的",
        "unknown_format" => "这里没有这种格式",
        "unknown_name" => "配置里没有这个名字",
        "shared" => "与别处重复",
        "contradiction" => "与另一个键矛盾",
        "ownerless" => "这种设备要写明是谁的或在哪一户",
        "family_not_dispatched" => "家属默认只告知,不能排进呼叫顺序",
        "no_ladder" => "这位老人没有呼叫顺序,报警时会同时呼叫所有人",
        "not_covered" => "未覆盖:能联系到的人不足三位",
        "unstable_port" => "这个串口名重新插拔后会变",
        "unencrypted" => "这条线路出站不加密",
        "not_a_time" => "不是时刻",
        "too_many" => "数目太多",
        "swap_void" => "换班不起作用:那天那一班上的人不是这样",
        "on_leave" => "换班换给了请假的人",
        "lapsed" => "已经过期",
        "holidays_unknown" => "不知道这一年的放假安排,假日和调休的排班用不上",
        "no_county" => "没有配置县平台,报警只留在村里",
        "file_missing" => "本机没有这个文件",
        "secret_unreadable" => "本机读不到这个密码",
        "secret_open" => "本机所有用户都能读到这个密码",
        "broker_forgets" => "守望重启期间,消息服务器会丢掉传感器消息",
        "broker_unseen" => "看不到消息服务器的配置,无法核对",
        _ => return None,
    })
}
