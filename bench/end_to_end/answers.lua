-- The answers of nginx. They echo external id, times and subject, so that a client that checks its answers accepts them.
local cjson = require("cjson.safe")

local M = {}

-- About 1.4 KB, the length of a real application token.
local TOKEN = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9." .. string.rep("bench", 270) .. ".c2lnbmF0dXJl"

-- The other members of an onlineMeeting, as Graph sends them; the whole answer has about 1.6 KB.
local FIXED = [[,"creationDateTime":"2026-10-01T12:00:00.1234567Z","isBroadcast":false,"autoAdmittedUsers":"EveryoneInCompany",]]
    .. [["outerMeetingAutoAdmittedUsers":null,"allowedPresenters":"everyone","isEntryExitAnnounced":true,"allowMeetingChat":"enabled",]]
    .. [["allowAttendeeToEnableCamera":true,"allowAttendeeToEnableMic":true,"recordAutomatically":false,"allowTeamworkReactions":true,]]
    .. [["videoTeleconferenceId":null,"chatInfo":{"threadId":"19:meeting_MjdhNjM4YzUtYzExZi00OTFkLTkzZTAtNTVlNmZmMDhkNGU2@thread.v2",]]
    .. [["messageId":"0","replyChainMessageId":null},"lobbyBypassSettings":{"scope":"organization","isDialInBypassEnabled":false},]]
    .. [["joinMeetingIdSettings":{"isPasscodeRequired":true,"joinMeetingId":"291834756120","passcode":"q7Wz2a"},]]
    .. [["audioConferencing":null,"joinInformation":{"contentType":"html","content":"data:text/html,]]
    .. string.rep("%3cdiv%20style%3d%22width%3a100%25%3b%22%3e", 6) .. [["}}]]

local function text(value)
  return value and cjson.encode(value) or "null"
end

local function meeting(organizer, wanted)
  return table.concat({
    [[{"@odata.context":"https://localhost/v1.0/$metadata#users('x')/onlineMeetings/$entity","id":]],
    text(organizer .. "*" .. wanted.externalId),
    [[,"externalId":]], text(wanted.externalId), [[,"startDateTime":]], text(wanted.startDateTime),
    [[,"endDateTime":]], text(wanted.endDateTime), [[,"subject":]], text(wanted.subject),
    [[,"joinWebUrl":"https://teams.microsoft.com/l/meetup-join/19%3ameeting_MjdhNjM4YzU%40thread.v2/0?context=%7b%22Oid%22%3a%22]],
    organizer, [[%22%7d"]], FIXED,
  })
end

function M.create_or_get()
  local wanted = cjson.decode(ngx.var.request_body or "")
  local organizer = string.match(ngx.var.uri, "^/v1%.0/users/([^/]+)/onlineMeetings/createOrGet$")
  if not wanted or not organizer or not wanted.externalId then
    ngx.status = 400
    ngx.print([[{"error":{"code":"BadRequest","message":"not a createOrGet call"}}]])
    return
  end
  local body = meeting(organizer, wanted)
  ngx.status = 201
  ngx.header["Content-Length"] = #body
  ngx.header["request-id"] = "7d3fcd44-8f6c-4a5e-9a53-0b4c9f5e6a10"
  ngx.header["client-request-id"] = ngx.var.http_client_request_id
  ngx.print(body)
end

-- Several of these calls in one request.
function M.batch()
  local envelope = cjson.decode(ngx.var.request_body or "")
  local out = {}
  for i, item in ipairs(envelope and envelope.requests or {}) do
    local organizer = string.match(item.url, "^/users/([^/]+)/onlineMeetings/createOrGet$")
    local good = organizer and item.body and item.body.externalId
    out[i] = table.concat({
      [[{"id":]], text(item.id), [[,"status":]], good and "201" or "400", [[,"headers":{"Content-Type":"application/json"},"body":]],
      good and meeting(organizer, item.body) or [[{"error":{"code":"BadRequest","message":"not a createOrGet call"}}]], "}",
    })
  end
  local body = [[{"responses":[]] .. table.concat(out, ",") .. "]}"
  ngx.header["Content-Length"] = #body
  ngx.header["request-id"] = "7d3fcd44-8f6c-4a5e-9a53-0b4c9f5e6a10"
  ngx.header["client-request-id"] = ngx.var.http_client_request_id
  ngx.print(body)
end

function M.throttled()
  local body = [[{"error":{"code":"TooManyRequests","message":"Please retry again later.","innerError":{"code":"429"}}}]]
  ngx.status = 429
  ngx.header["Retry-After"] = "1"
  ngx.header["Content-Length"] = #body
  ngx.print(body)
end

function M.token()
  local body = [[{"token_type":"Bearer","expires_in":3599,"access_token":"]] .. TOKEN .. [["}]]
  ngx.header["Content-Length"] = #body
  ngx.print(body)
end

return M
